//! Tower layers and axum extractors for OAuth 2 **resource servers**.
//!
//! One layer in front of an axum or tonic service verifies access tokens, guards declare the scopes and roles that a
//! route requires, and every rejection is spec-compliant and consistently formatted. This crate is for APIs whose
//! clients send tokens of an authorization server such as Keycloak, Entra ID or Auth0, API tokens of the service, or
//! passwords. It issues no OAuth tokens and is no OAuth client.
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "reqwest", feature = "_jwt"))]
//! # fn main() -> Result<(), portcullis::ConfigError> {
//! use axum::{Router, routing::get};
//! use portcullis::{AuthenticateLayer, Identity, JwtVerifier, RequireScopeLayer, Scope};
//!
//! const READ: Scope = Scope::from_static("orders:read");
//!
//! async fn list(identity: Identity) -> String {
//!     format!("orders of {}", identity.subject().unwrap_or("a client"))
//! }
//!
//! let verifier = JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
//! let app: Router = Router::new()
//!     .route("/orders", get(list).route_layer(RequireScopeLayer::new(READ)))
//!     .layer(AuthenticateLayer::bearer(verifier).realm("orders"));
//! # assert!(app.has_routes());
//! # Ok(())
//! # }
//! # #[cfg(not(all(feature = "axum", feature = "reqwest", feature = "_jwt")))]
//! # fn main() {}
//! ```
//!
//! `build()` makes no request. The issuer's metadata and keys are discovered when the first token arrives, refreshed
//! before they expire, and kept for 24 hours while the issuer is unreachable.
//!
//! # How a request is processed
//!
//! 1. [`AuthenticateLayer`] parses the credentials: a [`BearerToken`] or [`BasicCredentials`].
//! 2. A verifier validates them: [`JwtVerifier`] for one issuer, [`Issuers`] for several, [`IntrospectionVerifier`] for
//!    opaque tokens, [`OwnTokenVerifier`] for API tokens that the service issues, [`BasicVerifier`] for passwords, or a
//!    custom implementation of [`Verify`].
//! 3. The [`Identity`] is stored in the request's extensions. Guards ([`RequireScopeLayer`], [`RequireRoleLayer`],
//!    [`RequireLayer`]) and [`Policies`] read it, and so do handlers: as an extractor, through [`Identity::require`], or
//!    as [`Claims`].
//! 4. A rejection is an [`Error`], which the layer renders: status, challenge, and a body in the format of [`ErrorBody`].
//!
//! # Where to find what
//!
//! | task | start here |
//! |---|---|
//! | require scopes, roles, claims or a recent authentication | [`RequireScopeLayer`], [`RequireRoleLayer`], [`Requirements`] |
//! | one table of what each method and path requires | [`Policies`] |
//! | several issuers, tenants, opaque tokens next to JWTs | [`Issuers`] |
//! | API keys and personal access tokens | [`OwnTokenVerifier`], [`StaticTokens`](own_tokens::StaticTokens) |
//! | user names and passwords | [`BasicVerifier`] |
//! | tokens in cookies, query parameters, other headers | [`AuthenticateLayer`] |
//! | DPoP and client certificates | [`binding`] |
//! | MCP servers, protected resource metadata | [`Mcp`](policies::Mcp), [`ProtectedResource`] |
//! | revoke tokens before they expire | [`Revocations`](verify::Revocations) |
//! | responses that end when their token expires | [`EndAtExpiryLayer`] |
//! | other error formats | [`ErrorBody`] |
//! | why a token was rejected | [`Diagnosis`](error::Diagnosis), [`JwtVerifier::explain`] |
//! | issuers and policies from a file | [`configuration`] |
//! | tests of your service | [`testing`] |
//!
//! The repository has guides in `docs/`: getting started, layers and CORS, scopes and roles, issuers such as Keycloak,
//! multiple issuers, opaque tokens, own tokens, Basic, gRPC, MCP, bound tokens, revocation, testing, operations, and
//! migrating from other crates.
//!
//! # gRPC
//!
//! The same [`AuthenticateLayer`] protects tonic, or axum and tonic on one port. With [`AuthenticateLayer::grpc`], or
//! with a row for a gRPC method in its [`Policies`], it rejects gRPC and grpc-web calls (POST with `content-type`
//! `application/grpc` or `application/grpc-web`) with the HTTP status 200 and headers only:
//!
//! - `grpc-status` and `grpc-message` of [`ErrorKind`]
//! - the challenge as `www-authenticate`
//! - a `google.rpc.ErrorInfo` whose `reason` is [`ErrorKind::reason`] in capitals, and whose `domain` is the realm
//!
//! Otherwise, every rejection has its HTTP status, because proxies, logs and Envoy's `ext_authz` rely on it. With the `tonic`
//! feature, methods use [`RequestIdentity`], and `?` converts an [`Error`] into a `Status`. A verification is
//! cancelled with its call: when the client cancels it, and, in tonic's server, at its deadline.
//!
//! Browsers show these headers to grpc-web only if CORS exposes them. Put the CORS layer outside, and expose
//! `grpc-status`, `grpc-message`, `grpc-status-details-bin` and `www-authenticate`. `tonic_web::GrpcWebLayer` can be
//! inside or outside.
//!
//! # Features
//!
//! Features are additive: enabling one exposes items and changes no default.
//!
//! | feature | default | provides |
//! |---|---|---|
//! | `axum` | yes | extractors, and errors as responses |
//! | `reqwest` | yes | an HTTP client for keys, metadata and introspection, with rustls |
//! | `aws-lc-rs` | yes | JWT verification with aws-lc-rs |
//! | `introspection` | yes | token introspection (RFC 7662, RFC 9701) |
//! | `rust-crypto` | | JWT verification in pure Rust; if both back ends are enabled, aws-lc-rs verifies |
//! | `rust-crypto-ml-dsa` | | ML-DSA (RFC 9964) with `rust-crypto`, by an implementation that has not been audited; aws-lc-rs needs no feature for it |
//! | `own-tokens` | | API tokens that the service issues itself (personal access tokens) |
//! | `basic` | | Basic authentication: user names and passwords, checked by the service |
//! | `password-hash` | | password hashes for `basic`: Argon2, bcrypt, scrypt |
//! | `dpop` | | DPoP: sender-constrained tokens (RFC 9449) |
//! | `client-certificates` | | tokens bound to a client certificate (RFC 8705) |
//! | `redis` | | revocations, DPoP proofs and guesses of passwords that replicas share through Redis or Valkey |
//! | `redis-tls` | | TLS to Redis, with rustls |
//! | `shared-revocations` | | revocations that replicas share through a store of the service |
//! | `security-events` | | events of issuers that revoke tokens: RFC 8417, OpenID Back-Channel Logout |
//! | `expiry` | | responses that end when their token expires |
//! | `tonic` | | errors as gRPC statuses, identities from gRPC requests |
//! | `http-body` | | rejections in the body types of `http-body-util` |
//! | `serde` | with `axum` | claims as types of the service; [`Scope`] and [`ScopeSet`] in them |
//! | `jwks-client-rs` | | keys from a `JwksSource` of the `jwks_client_rs` crate |
//! | `mcp` | | for MCP servers: operations of older clients in bodies, sessions that are bound to their subject |
//! | `metrics` | | counters and histograms through the `metrics` crate |
//! | `tracing` | | events through the `tracing` crate |
//! | `testing` | | a test issuer: keys, tokens with any claims, a clock that the test controls |
//!
//! Without any feature, the crate provides the layers, guards, policies, scopes, errors and the parsing of Bearer tokens,
//! for custom verifiers.
//!
//! # Rust version and stability
//!
//! The minimum supported Rust version is 1.88. `docs/releasing.md` has the version policy: which crates are part of the
//! public API, and what counts as a breaking change. Names of reasons, rules, events and metrics are covered by it.
//!
//! # Metrics and logging
//!
//! With `metrics`:
//!
//! | metric | type | labels |
//! |---|---|---|
//! | `portcullis_requests_total` | counter | `outcome`: `authenticated`, `anonymous` or [`ErrorKind::reason`] |
//! | `portcullis_key_fetches_total` | counter | `issuer`; `outcome`: `success`, `failure` |
//! | `portcullis_key_fetch_seconds` | histogram | `issuer` |
//! | `portcullis_introspections_total` | counter | `endpoint`; `outcome`: `active`, `inactive`, `rejected`, `failure` |
//! | `portcullis_introspection_seconds` | histogram | `endpoint` |
//! | `portcullis_token_uses_lost_total` | counter | |
//! | `portcullis_revocations_evicted_total` | counter | |
//! | `portcullis_security_events_total` | counter | `outcome`: `accepted`, `rejected` |
//! | `portcullis_shared_revocations_current` | gauge | 1 while the shared store is reachable, else 0 |
//!
//! With `tracing`, events have the target `portcullis`. A rejection is logged at `DEBUG`, at `WARN` if the token could not
//! be verified, and at `ERROR` if the service is misconfigured. Without `tracing`, misconfigurations are written to stderr,
//! at most once per minute. Key fetches are logged at `DEBUG`, failed ones at `WARN`, and changes such as a key rotation at
//! `INFO`. The event of a rejection has the rule, the expected and the found value, and a hint:
//! see [`Diagnosis`](error::Diagnosis). `docs/operations.md` has a row for each reason, event and metric.

#![cfg_attr(
    not(all(
        feature = "_jwt",
        feature = "axum",
        feature = "basic",
        feature = "dpop",
        feature = "expiry",
        feature = "introspection",
        feature = "own-tokens",
        feature = "testing"
    )),
    allow(rustdoc::broken_intra_doc_links, reason = "what is linked to needs a feature")
)]
#![cfg_attr(docsrs, feature(doc_cfg), doc(auto_cfg(hide(feature = "_jwt"))))]
#![cfg_attr(
    not(all(
        feature = "_jwt",
        feature = "axum",
        feature = "basic",
        feature = "expiry",
        feature = "introspection",
        feature = "mcp",
        feature = "own-tokens",
        feature = "reqwest",
        feature = "testing",
        feature = "tonic",
        feature = "tracing"
    )),
    allow(
        dead_code,
        unused_imports,
        reason = "what is used with all features is checked with these"
    )
)]
#![forbid(unsafe_code)]

/// The code of the README.
#[cfg(all(doctest, feature = "axum", feature = "reqwest", feature = "_jwt"))]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(all(feature = "_jwt", not(any(feature = "aws-lc-rs", feature = "rust-crypto"))))]
compile_error!("portcullis: turn on the feature `aws-lc-rs` or `rust-crypto` instead of `_jwt`");

#[cfg(feature = "tracing")]
#[doc(alias = "logging")]
pub mod access_log;
pub mod authenticate;
pub mod authorize;
#[cfg(feature = "axum")]
mod axum;
mod claims;
pub mod clock;
#[cfg(feature = "_jwt")]
pub mod configuration;
pub mod credentials;
#[cfg(any(feature = "_digest", feature = "_tokens"))]
mod digest;
pub mod error;
#[cfg(feature = "expiry")]
pub mod expiry;
#[cfg(feature = "_remote")]
pub mod http_client;
pub mod identity;
mod jose;
#[cfg(feature = "redis")]
pub mod redis;
pub mod resource_metadata;
pub mod response;
mod role;
mod scheme;
pub mod scope;
mod secret;
#[cfg(all(feature = "security-events", feature = "_jwt"))]
pub mod security_events;
mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tonic")]
mod tonic;
mod url;
pub mod verify;

#[cfg(feature = "axum")]
pub use self::axum::Claims;
#[cfg(feature = "expiry")]
pub use self::expiry::EndAtExpiryLayer;
#[cfg(feature = "basic")]
pub use self::verify::basic::{self, BasicVerifier};
#[cfg(any(feature = "client-certificates", all(feature = "dpop", feature = "_jwt")))]
pub use self::verify::binding;
#[cfg(feature = "introspection")]
pub use self::verify::introspection::{self, IntrospectionVerifier};
// Inlined for their aliases, so that a search for a common term finds a page.
#[doc(inline)]
#[doc(alias = "CORS")]
#[doc(alias = "middleware")]
pub use self::authenticate::AuthenticateLayer;
#[doc(inline)]
#[doc(alias = "metrics")]
#[doc(alias = "reject")]
pub use self::error::ErrorKind;
#[cfg(feature = "_jwt")]
#[doc(inline)]
#[doc(alias = "Auth0")]
#[doc(alias = "Cognito")]
#[doc(alias = "Entra ID")]
#[doc(alias = "Keycloak")]
#[doc(alias = "Okta")]
pub use self::verify::jwt;
#[cfg(feature = "own-tokens")]
#[doc(inline)]
#[doc(alias = "API key")]
#[doc(alias = "API token")]
#[doc(alias = "personal access token")]
pub use self::verify::own_tokens;
#[cfg(feature = "own-tokens")]
pub use self::verify::own_tokens::OwnTokenVerifier;
pub use self::{
    authorize::{
        RequireLayer, RequireRoleLayer, RequireScopeLayer, Requirements,
        policies::{self, Access, Policies},
    },
    clock::Clock,
    credentials::{BasicCredentials, BearerToken},
    error::{ConfigError, Error},
    identity::{Identity, RequestIdentity},
    resource_metadata::ProtectedResource,
    response::ErrorBody,
    scope::{Scope, ScopeSet},
    secret::Secret,
    verify::{Verification, Verify},
};
#[cfg(feature = "_jwt")]
pub use self::{
    jose::Algorithm,
    verify::{
        issuers::{self, Issuers},
        jwt::JwtVerifier,
    },
};
