//! JWT access tokens: JWS compact serialisations (RFC 7515) of claims (RFC 7519, RFC 9068).
//!
//! `compact` takes a token apart, `header` and `payload` read its halves, `rules` judges the claims,
//! `verifier` puts them in order, cheap checks first. `builder` is what users write, `key_source`
//! where the keys come from.

mod builder;
mod compact;
mod header;
mod key_source;
mod payload;
mod profile;
mod rules;
mod scope_claim;
mod verifier;

pub use self::{
    builder::{AudienceGiven, AudienceMissing, Dangerous, JwtVerifierBuilder},
    profile::Profile,
    verifier::JwtVerifier,
};
