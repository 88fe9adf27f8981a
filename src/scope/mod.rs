//! Scopes: what a token may be used for, and what a route requires.
//!
//! [`Scope`] is one scope, [`ScopeSet`] the scopes of a token, and [`ScopePolicy`] what a guard requires.
//! [`ScopeHierarchy`] says which scopes imply which.

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
