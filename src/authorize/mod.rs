//! Authorization: what an authenticated request may do.
//!
//! `require` guards a route; [`policies`] is a table for a whole service. [`Requirements`] are what both can
//! require. Both read the identity that
//! `authenticate` left in the request, and reject with an error that `authenticate` renders.

mod diagnosis;
pub mod policies;
mod require;
mod requirements;

pub(crate) use self::diagnosis::diagnosed;
pub use self::{
    require::{Require, RequireFuture, RequireLayer, RequireRoleLayer, RequireScopeLayer},
    requirements::Requirements,
};
pub use crate::claims::ClaimValue;
