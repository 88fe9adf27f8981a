//! Token introspection: tokens that only their issuer can validate (RFC 7662, RFC 9701).
//!
//! [`IntrospectionVerifier`] is the verifier. `builder` configures it, and `settings` validates the
//! configuration. An `introspector` sends a request to the `endpoint`, which is discovered at its `location`
//! and where `client_authentication` authenticates this service. It reads the `response`, which may be a
//! `signed_response`, validates it with its `rules`, and stores the outcome in the `cache`. Concurrent requests
//! with the same token share one introspection.

mod builder;
mod cache;
mod client_authentication;
mod endpoint;
mod error;
mod introspector;
mod location;
mod response;
mod rules;
mod settings;
#[cfg(feature = "_jwt")]
mod signed_response;
mod signer;
mod verifier;

pub use self::{
    builder::{ClientGiven, ClientMissing, IntrospectionDangerous, IntrospectionVerifierBuilder},
    verifier::IntrospectionVerifier,
};
pub use crate::verify::{AudienceGiven, AudienceMissing};
