//! Tokens that a service issues itself and knows by heart: personal access tokens.
//!
//! [`OwnTokenFormat`] makes a [`NewToken`], whose text its user sees once. What stays with the service
//! is a [`TokenDigest`] and a [`TokenRecord`], in a [`TokenStore`] of its own. [`OwnTokenVerifier`] asks
//! that store about each request, so that what is revoked is refused from then on.

mod base62;
mod builder;
mod digest;
mod format;
mod memory;
mod new_token;
mod record;
mod store;
mod token_use;
mod use_queue;
mod verifier;

pub use self::{
    builder::OwnTokenVerifierBuilder,
    digest::{InvalidTokenDigest, TokenDigest},
    format::OwnTokenFormat,
    memory::MemoryTokenStore,
    new_token::NewToken,
    record::TokenRecord,
    store::{TokenLookup, TokenStore},
    token_use::TokenUse,
    verifier::OwnTokenVerifier,
};
