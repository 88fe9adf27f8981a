//! JWT access tokens: JWS compact serialisations (RFC 7515) of claims (RFC 7519, RFC 9068).
//!
//! `compact` takes a token apart, `header` and `payload` read its halves, `rules` judges the claims.
//! An `issuer` puts these in order, cheap checks first, with keys of its `key_source`. [`JwtVerifier`]
//! has one issuer, [`Issuers`] several, and `tenants` that are found when they are met. `builder` and
//! `issuers_builder` are what users write, `settings` checks it. `signed_answer` opens introspection
//! answers that an issuer has signed.

mod builder;
pub(crate) mod claim_value;
mod compact;
mod header;
mod issuer;
mod issuers;
mod issuers_builder;
mod key_source;
mod payload;
mod profile;
mod proven_tenants;
mod rules;
pub(crate) mod scope_claim;
mod settings;
mod signed_answer;
mod tenants;
mod token_cache;
mod token_place;
mod token_type;
mod verifier;

pub use self::{
    builder::{AudienceGiven, AudienceMissing, Dangerous, JwtVerifierBuilder},
    issuers::Issuers,
    issuers_builder::IssuersBuilder,
    profile::Profile,
    tenants::Tenant,
    verifier::JwtVerifier,
};
