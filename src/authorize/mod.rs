//! Authorization: decides what an authenticated request may do.
//!
//! `require` contains the guards for routes, [`policies`] the policy table for a whole service, and `mcp` the services
//! for MCP servers. [`Requirements`] are what guards and tables can require. All of them read the identity that
//! `authenticate` left in the request, and reject with an error that `authenticate` renders.

mod diagnosis;
#[cfg(feature = "mcp")]
pub mod mcp;
pub mod policies;
mod require;
mod requirements;

pub(crate) use self::diagnosis::diagnosed;
#[doc(alias = "Keycloak")]
#[doc(alias = "role")]
pub use self::require::RequireRoleLayer;
pub use self::{
    require::{Require, RequireFuture, RequireLayer, RequireScopeLayer},
    requirements::Requirements,
};
pub use crate::claims::ClaimValue;
