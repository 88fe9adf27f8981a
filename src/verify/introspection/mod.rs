//! Token introspection ([RFC 7662], [RFC 9701]), which asks the authorization server whether a token is
//! active.
//!
//! This module is for services whose access tokens are opaque, and for services that have to reject a token soon
//! after it is revoked.
//!
//! [`IntrospectionVerifier`] sends each token that isn't in its cache to the introspection endpoint, validates the
//! response, and caches the outcome.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
//! use portcullis::{
//!     BearerToken, IntrospectionVerifier, Verify, error::TokenFault, testing::TestIssuer,
//! };
//!
//! let issuer = TestIssuer::new();
//! issuer.register_client("orders-api", "s3cret");
//! let verifier = IntrospectionVerifier::discover(issuer.issuer())
//!     .client_secret_basic("orders-api", "s3cret")
//!     .audience("https://api.example")
//!     .http_client(issuer.http_client())
//!     .build()?;
//!
//! let token = issuer.token().audience("https://api.example").subject("alice").mint_opaque();
//! let mut headers = HeaderMap::new();
//! headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?);
//! let identity = verifier.verify(BearerToken::from_headers(&headers)?).wait().await?;
//! assert_eq!(identity.subject(), Some("alice"));
//!
//! // The issuer revokes the token. It is rejected when its cache entry expires, or immediately:
//! issuer.revoke(token.as_str());
//! verifier.invalidate(&token);
//! let result = verifier.verify(BearerToken::from_headers(&headers)?).wait().await;
//! assert_eq!(result.unwrap_err().kind(), TokenFault::Inactive.into());
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! | type | purpose |
//! |---|---|
//! | [`IntrospectionVerifier`] | verifies tokens by introspection |
//! | [`IntrospectionVerifierBuilder`] | configures the endpoint, the client, the rules and the cache |
//! | `PrivateKey` | the key for `private_key_jwt`; it needs the `aws-lc-rs` or `rust-crypto` feature |
//! | [`RevocationChecked`](crate::verify::RevocationChecked) | verifies JWTs locally, and confirms them by introspection |
//!
//! # Responses
//!
//! | response | outcome |
//! |---|---|
//! | `active` is true, and the rules accept the token | the token's [`Identity`](crate::Identity) |
//! | `active` is true, but `iss`, `aud`, `exp`, `nbf` or the kind of token is wrong | 401 with that [`TokenFault`](crate::error::TokenFault) |
//! | `active` is false | 401, [`TokenFault::Inactive`](crate::error::TokenFault::Inactive) |
//! | 400 with the error `unsupported_token_type` | 401, [`TokenFault::Type`](crate::error::TokenFault::Type), and a `WARN` event |
//! | 401, 403, or the error `invalid_client` or `unauthorized_client` | 500, [`ErrorKind::Misconfigured`](crate::ErrorKind::Misconfigured) |
//! | another status, no valid response, or none within 5 seconds | 503, [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable), with `Retry-After` |
//!
//! A token is never rejected with 401 because of an error of the endpoint. A valid response has the status 200
//! and is a JSON object with a boolean `active`. Its media type must be JSON, which RFC 7662 requires, or
//! `application/token-introspection+jwt` if signed responses are configured; a response without `Content-Type`
//! is treated as if it had the correct one.
//!
//! `exp` is compared without leeway, because the server has already validated the token by its own clock; `nbf`
//! may be up to 60 seconds in the future. `iss` is compared if the issuer is configured. Otherwise,
//! [`Issuers`](crate::Issuers) and [`RevocationChecked`](crate::verify::RevocationChecked) compare it, because
//! they know the issuers that the service trusts.
//!
//! # Authorization servers
//!
//! Some servers require specific settings in this crate or on the server:
//!
//! | server | audience | client authentication | which tokens are active |
//! |---|---|---|---|
//! | Authlib | chosen by the application; often the client id of the token's client | any; use `client_secret_post` for a secret with spaces | refresh tokens too, if `query_token` finds them |
//! | Better Auth | none in opaque tokens: [`without_audience`] | `client_secret_post` for an id or secret with special characters | only those of this service's own client id; no refresh tokens, because this crate sends `token_type_hint=access_token` |
//! | django-oauth-toolkit | none without resource indicators: [`without_audience`] | a confidential client, or a [`bearer_token`] with scope `introspection` | no refresh tokens. There is no `sub`: the user is in `username` |
//! | Doorkeeper | none without resource indicators: [`without_audience`] | `client_secret_post` for an id or secret with special characters, which it doesn't decode in Basic | only those of the same application, unless `allow_token_introspection` says otherwise; refresh tokens too |
//! | Keycloak | the client id of this service, added by an audience mapper, which 26.7 and later require | any, including `private_key_jwt` | refresh tokens too; their `typ` of `Refresh` or `Offline` is recognized, and they are rejected |
//! | `LemonLDAP::NG` | none: [`without_audience`] | a confidential client; `client_secret_post` for an id or secret with special characters, and always in old versions | no refresh tokens |
//!
//! If a server reports refresh tokens as active without marking them as such, they pass as access tokens. This
//! crate rejects refresh tokens that are marked by `token_type`, `token_use`, `typ` or similar members.
//! Otherwise, reject them with a [`check`]. Recent versions of Doorkeeper, for example, omit `token_type` for a
//! refresh token:
//!
//! ```
//! use portcullis::{IntrospectionVerifier, error::TokenFault};
//!
//! let verifier = IntrospectionVerifier::builder("https://doorkeeper.example/oauth/introspect")
//!     .client_secret_post("orders-api", "s3cret")
//!     .without_audience()
//!     .check(|identity| {
//!         let claims: serde_json::Value = serde_json::from_str(identity.raw_claims())
//!             .map_err(|_| TokenFault::Claims)?;
//!         match claims["token_type"].as_str() {
//!             Some("Bearer") => Ok(()),
//!             _ => Err(TokenFault::Type.into()),
//!         }
//!     })
//!     .build();
//! assert!(verifier.is_ok());
//! ```
//!
//! If the endpoint reports the first 20 tokens as inactive, a `WARN` event says that this client may not have
//! the permission to introspect them. Servers don't report this in any other way.
//!
//! # Load
//!
//! At most 100 introspections run at the same time ([`max_concurrent`]). They are divided between two classes
//! of tokens:
//!
//! - *Recently active* tokens: those that an introspection accepted, until 10 minutes after their cache entry
//!   has expired. The verifier stores keyed hashes of them, as many as the cache has room for tokens.
//! - *Other* tokens: those that this process hasn't seen before, including random ones.
//!
//! 25 permits are reserved for recently active tokens, 25 for other tokens, and 50 are for both, with priority
//! for recently active tokens. A token without a permit waits for up to 5 seconds ([`queue_timeout`]) in the
//! queue of its class, which has room for 1,000 tokens. If the wait takes longer or the queue is full, the
//! request is rejected with 503 and `Retry-After: 1`.
//!
//! A flood of random tokens therefore uses at most 75 permits. If the endpoint takes 200 ms to respond, then:
//!
//! | during a flood | introspections per second |
//! |---|---|
//! | of recently active tokens | at least 25 / 0.2 s = 125 without a wait, up to 375 with a short wait |
//! | of other tokens | at least 125, and 375 as long as no recently active token waits |
//!
//! A new valid token waits behind the random ones that arrived before it. A flood from 150 clients, each of
//! which waits for a response before it sends the next token, delays it by up to one response time. A full
//! queue of 1,000 tokens is served within 1,000 / 375 = 2.7 seconds, so a token in the queue isn't rejected. If
//! more than 375 other tokens per second arrive for longer than that, all of them have the same chance, and a
//! client that follows `Retry-After` gets another one. The verifier doesn't know clients, so limit requests by
//! client address in front of it.
//!
//! Failures, including requests that were rejected for lack of a permit, are logged at `WARN` once per minute
//! and reason, with their number. Each rejected request is logged at `DEBUG`.
//!
//! [RFC 7662]: https://www.rfc-editor.org/rfc/rfc7662
//! [RFC 9701]: https://www.rfc-editor.org/rfc/rfc9701
//! [`bearer_token`]: IntrospectionVerifierBuilder::bearer_token
//! [`check`]: IntrospectionVerifierBuilder::check
//! [`max_concurrent`]: IntrospectionVerifierBuilder::max_concurrent
//! [`queue_timeout`]: IntrospectionVerifierBuilder::queue_timeout
//! [`without_audience`]: IntrospectionVerifierBuilder::without_audience

#![doc(alias = "RFC 7662")]

mod builder;
mod cache;
#[cfg_attr(not(feature = "_jwt"), path = "client_assertion_off.rs")]
mod client_assertion;
mod client_authentication;
mod client_options;
mod client_state;
mod dangerous;
mod endpoint;
mod error;
mod introspector;
mod location;
mod permits;
#[cfg(feature = "_jwt")]
mod private_key;
mod recently_active;
mod response;
mod rules;
mod settings;
#[cfg(feature = "_jwt")]
mod signed_response;
mod signer;
mod verifier;

#[cfg(feature = "_jwt")]
pub use self::private_key::PrivateKey;
#[doc(alias("Keycloak", "introspection", "opaque token"))]
pub use self::verifier::IntrospectionVerifier;
pub use self::{
    builder::IntrospectionVerifierBuilder,
    client_state::{ClientGiven, ClientMissing},
    dangerous::IntrospectionDangerous,
};
pub use crate::verify::{AudienceGiven, AudienceMissing};
