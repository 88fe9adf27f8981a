//! Authorization: what an authenticated request may do.
//!
//! `require` guards a route; [`policies`] is a table for a whole service. Both read the identity that
//! `authenticate` left in the request, and reject with an error that `authenticate` renders.

pub mod policies;
mod require;

pub use self::require::{Require, RequireFuture, RequireLayer, RequireScopeLayer};
