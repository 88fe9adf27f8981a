//! Authorization: decides what an authenticated request may do.
//!
//! [`RequireScopeLayer`], [`RequireRoleLayer`] and [`RequireLayer`] are guards for routes. [`Requirements`] combines
//! what they and a [policy table](policies) can require. All of them read the identity that an
//! [`AuthenticateLayer`](crate::AuthenticateLayer) left in the request, and reject with an error that it renders.
//!
//! ```
//! use portcullis::{ErrorKind, Identity, Requirements, Scope, ScopeSet};
//!
//! let delete = Requirements::role("manager").and(Scope::from_static("orders:write"));
//! let identity = Identity::assertion().scopes(ScopeSet::from_wire("orders:write"));
//!
//! let clerk = identity.clone().build();
//! assert_eq!(delete.check(&clerk).unwrap_err().kind(), ErrorKind::AccessDenied);
//! assert!(delete.check(&identity.roles(["manager"]).build()).is_ok());
//! ```
//
// `require` contains the guards, and `mcp` the services for MCP servers.

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
