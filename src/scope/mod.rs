//! Scopes: what a token may be used for, and what a route requires.
//!
//! [`Scope`] is a single scope, [`ScopeSet`] contains the scopes of a token, and [`ScopePolicy`] is what a route
//! requires. [`ScopeHierarchy`] defines which scopes imply which others.
//!
//! ```
//! use portcullis::{
//!     Scope, ScopeSet,
//!     scope::{ScopeHierarchy, ScopePolicy},
//! };
//!
//! const READ: Scope = Scope::from_static("orders:read");
//! const WRITE: Scope = Scope::from_static("orders:write");
//!
//! let required = ScopePolicy::any([READ, WRITE]);
//! assert!(required.allows(&ScopeSet::from_wire("openid orders:write")));
//! assert!(!required.allows(&ScopeSet::from_wire("openid")));
//!
//! let hierarchy = ScopeHierarchy::builder().implies(WRITE, [READ]).build()?;
//! assert!(hierarchy.grants(&ScopeSet::from_wire("orders:write"), "orders:read"));
//! # Ok::<(), portcullis::ConfigError>(())
//! ```

mod hierarchy;
mod policy;
#[expect(clippy::module_inception, reason = "the file holds the type of that name")]
mod scope;
mod set;

pub use self::{
    hierarchy::{ScopeHierarchy, ScopeHierarchyBuilder},
    policy::ScopePolicy,
    scope::{InvalidScope, Scope},
    set::ScopeSet,
};
