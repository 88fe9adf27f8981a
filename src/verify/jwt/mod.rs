//! JWT access tokens: JWS compact serialisations (RFC 7515) of claims (RFC 7519, RFC 9068).
//!
//! `compact` takes a token apart, `header` and `payload` read its halves, `rules` judges the claims.
//! An `issuer` puts these in order, cheap checks first, with keys of its `key_source`. [`JwtVerifier`]
//! verifies the tokens of one issuer. `builder` is what users write, and `settings` validates it.

mod builder;
mod compact;
mod header;
mod issuer;
mod key_source;
mod payload;
mod profile;
mod rules;
mod settings;
mod token_cache;
mod token_place;
mod token_type;
mod verifier;

pub use self::{
    builder::{AudienceGiven, AudienceMissing, Dangerous, JwtVerifierBuilder},
    profile::Profile,
    verifier::JwtVerifier,
};
pub(crate) use self::{
    issuer::{Issuer, Judged, Signature, Stop, Unverified},
    key_source::Keys,
    payload::Payload,
    token_cache::{DEFAULT_CAPACITY, Memory, SeenTokens},
    token_type::TokenType,
};
pub use crate::jose::UnknownAlgorithm;
