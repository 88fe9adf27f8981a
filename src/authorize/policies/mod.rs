//! A table of what each method and path asks for.
//!
//! `access` is what a row asks for, `pattern` and `row` are a row, `builder` checks rows against each
//! other, `tree` finds one for a path, `path` says which paths are looked up at all, `mcp` has the rows of MCP
//! endpoints, and `table` is what comes of it. `matrix` and `openapi` are the table as data, and `coverage` compares it
//! with routes.

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
