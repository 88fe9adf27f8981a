//! Scopes: what a token may be used for, and what a route requires.
//!
//! [`Scope`] is a single scope, [`ScopeSet`] contains the scopes of a token, and [`ScopePolicy`] is what a route
//! requires. [`ScopeHierarchy`] defines which scopes imply which others.

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
