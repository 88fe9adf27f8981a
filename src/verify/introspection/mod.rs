//! Token introspection: tokens that only their issuer can judge (RFC 7662, RFC 9701).
//!
//! [`IntrospectionVerifier`] is the verifier, `builder` what users write and `settings` checks. An
//! `introspector` asks the `endpoint`, found at its `location` and told who we are by
//! `client_authentication`; it reads the `answer`, judges it by its `rules`, and keeps the verdict in
//! `verdicts`. `flights` let all who ask about one token at the same time wait for one answer.

mod builder;
mod client_authentication;
mod endpoint;
mod error;
mod flights;
mod introspector;
mod location;
mod response;
mod rules;
mod settings;
mod signed_response;
mod verdicts;
mod verifier;

pub use self::{
    builder::{ClientGiven, ClientMissing, IntrospectionDangerous, IntrospectionVerifierBuilder},
    verifier::IntrospectionVerifier,
};
