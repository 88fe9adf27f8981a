//! Authorization: what an authenticated request may do.
//!
//! `require` guards a route; [`policies`] is a table for a whole service, and `mcp` is for MCP servers. [`Requirements`]
//! are what guards and tables can require. All read the identity that `authenticate` left in the request, and reject
//! with an error that `authenticate` renders.

mod diagnosis;
#[cfg(feature = "mcp")]
pub mod mcp;
pub mod policies;
mod require;
mod requirements;

pub(crate) use self::diagnosis::diagnosed;
pub use self::{
    require::{Require, RequireFuture, RequireLayer, RequireRoleLayer, RequireScopeLayer},
    requirements::Requirements,
};
pub use crate::claims::ClaimValue;
