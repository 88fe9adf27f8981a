//! JWT access tokens: the compact serialization (RFC 7515) of claims (RFC 7519, RFC 9068).
//!
//! [`JwtVerifier`] verifies the tokens of one issuer, and [`JwtVerifierBuilder`] configures it.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
//! use portcullis::{BearerToken, Verify, jwt::Profile, testing::TestIssuer};
//!
//! let issuer = TestIssuer::new();
//! let verifier = issuer.verifier().audience("https://api.example").profile(Profile::Relaxed).build()?;
//!
//! let token = issuer.token().audience("https://api.example").subject("alice").mint();
//! let mut headers = HeaderMap::new();
//! headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?);
//! let identity = verifier.verify(BearerToken::from_headers(&headers)?).wait().await?;
//! assert_eq!(identity.subject(), Some("alice"));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//
// `jws` splits a token, `header` and `payload` read its parts, and `rules` validates the claims. An `issuer`
// runs these in order, cheap checks first, with the keys of its `key_source`; `interrupt` is the loop that
// waits for keys.

mod builder;
mod dangerous;
#[cfg(feature = "security-events")]
mod event_token;
mod examine;
mod header;
mod interrupt;
mod issuer;
mod jws;
mod key_options;
mod key_source;
mod key_trials;
pub mod presets;
mod profile;
mod registration;
mod rules;
mod settings;
mod tail_hasher;
mod token_cache;
mod token_type;
mod unverified_token;
mod verifier;

#[cfg(feature = "security-events")]
pub(crate) use self::event_token::{EventToken, EventTokenType};
#[doc(alias("Auth0", "Entra ID", "JWKS", "Keycloak", "OIDC", "Okta", "key rotation"))]
pub use self::verifier::JwtVerifier;
pub use self::{builder::JwtVerifierBuilder, dangerous::Dangerous, profile::Profile};
pub(crate) use self::{
    examine::{read_claims, read_form},
    interrupt::{Attempt, Interrupt, complete},
    issuer::{Issuer, VerifiedToken},
    jws::{Jws, SignatureBuffer},
    registration::{RENEWAL_INTERVAL, Registration},
    token_cache::{DEFAULT_CAPACITY, TokenCache},
    token_type::TokenType,
    unverified_token::UnverifiedToken,
};
pub use crate::{
    jose::UnknownAlgorithm,
    verify::{AudienceGiven, AudienceMissing},
};
