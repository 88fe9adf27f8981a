//! API tokens that the service issues itself, such as personal access tokens.
//!
//! This module is for services whose users create tokens for scripts and integrations. The tokens are
//! opaque Bearer tokens ([RFC 6750 §2.1]), and their records are stored in a database of the service.
//! Such tokens are also called API keys.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use http::{HeaderMap, header::AUTHORIZATION};
//! use portcullis::{
//!     BearerToken, OwnTokenVerifier, ScopeSet, Verify,
//!     error::TokenFault,
//!     own_tokens::{MemoryTokenStore, OwnTokenFormat, TokenRecord},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (format, store) = (OwnTokenFormat::new("hcms_pat")?, MemoryTokenStore::new());
//! let verifier = OwnTokenVerifier::builder(format.clone(), store.clone()).build()?;
//!
//! // A user creates a token. Show `token.reveal()` once; only the digest is stored.
//! let token = format.generate()?;
//! let scopes = ScopeSet::from_wire("posts:read");
//! store.insert(token.digest(), TokenRecord::new("42", "alice").scopes(scopes));
//!
//! // A request presents it.
//! let mut headers = HeaderMap::new();
//! headers.insert(AUTHORIZATION, format!("Bearer {}", token.reveal()).parse()?);
//! let identity = verifier.verify(BearerToken::from_headers(&headers)?).wait().await?;
//! assert_eq!(identity.subject(), Some("alice"));
//! assert_eq!(identity.token_id(), Some("42"));
//!
//! // The user revokes it, and the next request is rejected.
//! store.revoke("42", SystemTime::now());
//! let result = verifier.verify(BearerToken::from_headers(&headers)?).wait().await;
//! assert_eq!(result.unwrap_err().kind(), TokenFault::Revoked.into());
//! # Ok(())
//! # }
//! ```
//!
//! [`StaticTokens`] verifies tokens that are part of the service's configuration, without a database.
//!
//! | type | purpose |
//! |---|---|
//! | [`OwnTokenFormat`] | generates tokens, and recognizes them by prefix and checksum |
//! | [`NewToken`] | a generated token, which the user sees once |
//! | [`TokenDigest`] | the digest that is stored instead of the token |
//! | [`TokenRecord`] | subject, scopes and expiry of a token |
//! | [`TokenStore`] | the interface to your database |
//! | [`TokenUse`] | a use of a token, for "last used" and audit logs |
//! | [`MemoryTokenStore`] | a token store in memory |
//! | [`OwnTokenVerifier`] | verifies tokens by looking them up in the store |
//! | [`OwnTokenVerifierBuilder`] | configures the verifier |
//! | [`StaticTokens`] | verifies tokens from the configuration |
//! | [`StaticTokensBuilder`] | configures their labels, secrets and scopes |
//!
//! [RFC 6750 §2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1

#![doc(alias("API key", "API token", "personal access token"))]

mod base62;
mod builder;
mod digest;
mod format;
mod lookups;
mod memory;
mod new_token;
mod record;
mod static_tokens;
mod store;
mod token_use;
mod use_queue;
mod verifier;

#[doc(alias("API key", "API token"))]
pub use self::static_tokens::StaticTokens;
#[doc(alias("API key", "API token", "personal access token"))]
pub use self::verifier::OwnTokenVerifier;
pub use self::{
    builder::OwnTokenVerifierBuilder,
    digest::{InvalidTokenDigest, TokenDigest},
    format::OwnTokenFormat,
    memory::MemoryTokenStore,
    new_token::NewToken,
    record::TokenRecord,
    static_tokens::StaticTokensBuilder,
    store::{TokenLookup, TokenStore},
    token_use::TokenUse,
};
