//! Identities: who makes a request, as a verifier established it.
//!
//! A verifier creates an [`Identity`]; one of your own does so through an [`IdentityAssertion`]. The layer
//! leaves it in the request, where guards, extractors, and [`RequestIdentity`] find it.

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
pub use crate::claims::Confirmation;

pub use self::{
    assertion::IdentityAssertion, authentication::Authentication, identity::Identity,
    request_identity::RequestIdentity,
};
