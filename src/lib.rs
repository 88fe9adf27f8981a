//! Tower layers and axum extractors for OAuth 2 **resource servers**.
//!
//! One layer in front of a service verifies access tokens, guards name the scope of a route, and
//! every rejection is right and looks the same.
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
//!     format!("orders of {}", identity.subject().unwrap_or("nobody"))
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
//! The way of a request:
//!
//! 1. [`AuthenticateLayer`] reads the credentials: [`BearerToken`], `BasicCredentials`.
//! 2. A verifier judges them: [`JwtVerifier`] for one issuer, [`Issuers`] for several,
//!    [`OwnTokenVerifier`] for personal access tokens of your own, [`BasicVerifier`] for passwords, one
//!    of your own by [`Verify`].
//! 3. The [`Identity`] goes along with the request. [`RequireScopeLayer`], [`RequireRoleLayer`] and [`RequireLayer`] read
//!    it, and so do handlers: as an extractor, by [`Identity::require`], or as [`Claims`].
//! 4. Whatever rejects makes an [`Error`], which the layer turns into the response: status, challenge
//!    and body by [`ErrorBody`].
//!
//! # Roles and step-up
//!
//! Scopes are what a client requests, and roles are what an issuer assigns, so they are separate: a verifier reads
//! roles where it is told to (`roles("/realm_access/roles")`), and [`RequireRoleLayer`], [`Access::role`] and
//! [`Identity::require_role`] require them. [`Authentication`] requires that the user authenticated in a certain class
//! or a short time ago ([RFC 9470]). [`Requirements`] combine all of it, in a guard or in a row of [`Policies`]:
//!
//! ```
//! use std::time::Duration;
//!
//! use http::Method;
//! use portcullis::{Access, Authentication, Policies, RequireScopeLayer, Scope};
//!
//! const PAY: Scope = Scope::from_static("pay");
//!
//! let recently = Authentication::acr(["urn:example:mfa"]).max_age(Duration::from_secs(300));
//! let guard = RequireScopeLayer::new(PAY).and(recently.clone());
//! # let _ = guard;
//! let table = Policies::builder()
//!     .route(Method::GET, "/admin", Access::role("admin"))
//!     .route(Method::POST, "/payments", Access::from(PAY).and(recently))
//!     .build()?;
//! # assert_eq!(table.rows().len(), 2);
//! # Ok::<(), portcullis::ConfigError>(())
//! ```
//!
//! [RFC 9470]: https://www.rfc-editor.org/rfc/rfc9470
//!
//! # gRPC
//!
//! The same [`AuthenticateLayer`] protects tonic, or axum and tonic on one port. With
//! [`AuthenticateLayer::grpc`], or with a row for a gRPC method in its [`Policies`], it rejects gRPC and
//! grpc-web calls (POST with `content-type` `application/grpc` or `application/grpc-web`) with the HTTP status
//! 200 and headers only: `grpc-status` and `grpc-message` of [`ErrorKind`], the challenge as
//! `www-authenticate`, and a `google.rpc.ErrorInfo` whose `reason` is [`ErrorKind::reason`] in capitals,
//! whose `domain` is the realm. With the feature `tonic` methods use [`RequestIdentity`], and `?` makes a
//! `Status` of an [`Error`]. [`Policies`] say what each method needs. A verification ends with its call:
//! when the client gives it up, and, in tonic's server, at its deadline.
//!
//! Without either, every rejection has its HTTP status, because proxies, logs and Envoy's `ext_authz` rely on
//! it.
//!
//! A browser shows these headers to grpc-web only if CORS says so: a layer for that stands outside, and
//! exposes `grpc-status`, `grpc-message`, `grpc-status-details-bin` and `www-authenticate`. Where
//! `tonic_web::GrpcWebLayer` translates, either order will do.
//!
//! # Features
//!
//! Every feature adds something; none changes what another one does.
//!
//! | feature | default | provides |
//! |---|---|---|
//! | `axum` | yes | extractors, and errors as responses |
//! | `reqwest` | yes | an HTTP client for keys, metadata and introspection, with rustls |
//! | `aws-lc-rs` | yes | JWT verification with aws-lc-rs |
//! | `introspection` | yes | token introspection (RFC 7662, RFC 9701) |
//! | `rust-crypto` | | JWT verification in pure Rust; if both back ends are enabled, aws-lc-rs verifies |
//! | `own-tokens` | | API tokens that the service issues itself (personal access tokens) |
//! | `basic` | | Basic authentication against a user store of the service |
//! | `password-hash` | | password hashes for `basic`: Argon2, bcrypt, scrypt |
//! | `dpop` | | tokens bound to a DPoP key (RFC 9449) |
//! | `client-certificates` | | tokens bound to a client certificate (RFC 8705) |
//! | `redis` | | revocations and DPoP proofs that replicas share through Redis or Valkey |
//! | `redis-tls` | | TLS to Redis, with rustls |
//! | `shared-revocations` | | revocations that replicas share through a store of the service |
//! | `security-events` | | events of issuers that revoke tokens: RFC 8417, OpenID Back-Channel Logout |
//! | `expiry` | | responses that end when their token expires |
//! | `tonic` | | errors as gRPC statuses, identities from gRPC requests |
//! | `http-body` | | rejections in the body types of `http-body-util` |
//! | `serde` | with `axum` | claims as types of the service; [`Scope`] and [`ScopeSet`] in them |
//! | `jwks-client-rs` | | keys from a `JwksSource` of the crate `jwks_client_rs` |
//! | `mcp` | | for MCP servers: operations of older clients in bodies, sessions that stay with their subject |
//! | `metrics` | | counters and histograms through the crate `metrics` |
//! | `tracing` | | events through the crate `tracing` |
//! | `testing` | | a test issuer: keys, tokens with any claims, a clock that the test controls |
//!
//! Without any feature, the crate has the layers, guards, policies, scopes, errors and the parsing of
//! Bearer tokens, for verifiers that the service writes itself.
//!
//! # Metrics and events
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
//! With `tracing`, the events have the target `portcullis`. A rejection is logged at `DEBUG`, at `WARN`
//! if there was no verdict about the token, and at `ERROR` if the service is misconfigured. Without `tracing`, the
//! latter is written to stderr, at most once per minute. A fetch of
//! keys is logged at `DEBUG`, a failed one at `WARN`, and changes such as a rotation at `INFO`. The event of a rejection
//! has the rule, the expected and the found value, and a hint: see [`Diagnosis`](error::Diagnosis).
//! `docs/operations.md` has a row for each reason, event and metric.

#![cfg_attr(
    not(all(feature = "_jwt", feature = "axum")),
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

#[cfg(all(feature = "_jwt", not(any(feature = "aws-lc-rs", feature = "rust-crypto"))))]
compile_error!("portcullis: turn on the feature `aws-lc-rs` or `rust-crypto` instead of `_jwt`");

#[cfg(feature = "tracing")]
pub mod access_log;
pub mod authenticate;
pub mod authorize;
#[cfg(feature = "axum")]
mod axum;
mod claims;
mod clock;
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
#[cfg(feature = "own-tokens")]
pub use self::verify::own_tokens::{self, OwnTokenVerifier};
pub use self::{
    authenticate::AuthenticateLayer,
    authorize::{
        RequireLayer, RequireRoleLayer, RequireScopeLayer, Requirements,
        policies::{self, Access, Policies},
    },
    clock::{Clock, SystemClock},
    credentials::{BasicCredentials, BearerToken, ClientCredentials, Credentials, GuessKey},
    error::{ConfigError, Error, ErrorKind, RequestFault, TokenFault},
    identity::{Authentication, Identity, RequestIdentity},
    resource_metadata::ProtectedResource,
    response::ErrorBody,
    role::RoleSet,
    scope::{Scope, ScopeHierarchy, ScopePolicy, ScopeSet},
    secret::Secret,
    verify::{Verification, Verify},
};
#[cfg(feature = "_jwt")]
pub use self::{
    jose::Algorithm,
    verify::{
        issuers::{self, Issuers},
        jwt::{self, JwtVerifier},
    },
};
