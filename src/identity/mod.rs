//! Identities: who makes a request, as determined by a verifier.
//!
//! A verifier creates an [`Identity`], and a custom verifier does so with an [`IdentityAssertion`]. The layer stores it
//! in the request, where guards, extractors and [`RequestIdentity`] read it.
//!
//! ```
//! use portcullis::{
//!     ErrorKind, Identity, Scope,
//!     identity::{Authentication, RoleSet},
//! };
//!
//! let identity = Identity::assertion().subject("alice").roles(["admin"]).build();
//! assert_eq!(identity.subject(), Some("alice"));
//! assert_eq!(identity.roles(), &RoleSet::from_iter(["admin"]));
//!
//! let error = identity.require(Scope::from_static("orders:read")).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::InsufficientScope);
//!
//! // How the user authenticated is unknown.
//! assert!(identity.require_authentication(&Authentication::acr(["phr"])).is_err());
//! ```

mod assertion;
mod authentication;
mod authorization_details;
mod caller;
#[expect(clippy::module_inception, reason = "the file holds the type of that name")]
mod identity;
mod layer_context;
mod request_identity;
mod revocation_state;

pub(crate) use self::{
    caller::Caller,
    layer_context::LayerContext,
    revocation_state::{RevocationKeys, RevocationState},
};
pub use crate::{claims::Confirmation, role::RoleSet};

pub use self::{
    assertion::IdentityAssertion, authentication::Authentication, identity::Identity,
    request_identity::RequestIdentity,
};
