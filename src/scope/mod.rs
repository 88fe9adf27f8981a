//! Scopes: what a token may be used for, and what a route requires.
//!
//! [`Scope`] is one scope, [`ScopeSet`] the scopes of a token, and [`ScopePolicy`] what a guard requires.

mod policy;
#[expect(clippy::module_inception, reason = "the file holds the type of that name")]
mod scope;
mod set;

pub use self::{
    policy::ScopePolicy,
    scope::{InvalidScope, Scope},
    set::ScopeSet,
};
