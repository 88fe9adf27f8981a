//! A policy table: what each method and path of a service requires.
//!
//! [`Policies`] is the validated table, with an [`Access`] rule in each row. Requests that no row matches are denied.
//! [`Mcp`] has the rows of MCP endpoints. [`Matrix`] shows for each row and [`Persona`] what the table decides.
//!
//! ```
//! use http::Method;
//! use portcullis::{Access, Policies, Scope};
//!
//! let read = Scope::from_static("orders:read");
//! let policies = Policies::builder()
//!     .route(Method::GET, "/health", Access::Anonymous)
//!     .route(Method::GET, "/orders/{id}", read.clone())
//!     .build()?;
//! assert_eq!(*policies.access(&Method::GET, "/orders/7"), Access::from(read));
//! assert_eq!(*policies.access(&Method::DELETE, "/orders/7"), Access::Deny);
//! # Ok::<(), portcullis::ConfigError>(())
//! ```
//
// `builder` checks the rows of the `table` against each other. `row` is a row with its `pattern` and its `access` rule.
// `path` decides which paths are looked up at all, and `tree` finds the row of a path. `mcp` contains the rows of MCP
// endpoints. `matrix` and `openapi` export the table as data, and `coverage` compares it with routes.

mod access;
mod builder;
mod coverage;
mod matrix;
mod mcp;
#[cfg(feature = "serde")]
mod openapi;
mod path;
mod pattern;
mod persona;
mod row;
#[cfg(feature = "serde")]
mod security_scheme;
mod table;
mod tree;

#[cfg(feature = "serde")]
pub use self::security_scheme::SecurityScheme;
pub(crate) use self::table::Rule;
pub use self::{
    access::Access, builder::PoliciesBuilder, matrix::Matrix, mcp::Mcp, persona::Persona,
    row::PolicyRow, table::Policies,
};
