//! portcullis
#![cfg_attr(docsrs, feature(doc_cfg), doc(auto_cfg(hide(feature = "_jwt"))))]
#![forbid(unsafe_code)]

#[cfg(all(feature = "_jwt", not(any(feature = "aws-lc-rs", feature = "rust-crypto"))))]
compile_error!("portcullis: turn on the feature `aws-lc-rs` or `rust-crypto` instead of `_jwt`");

#[cfg(feature = "_jwt")]
mod algorithm;
mod authenticate;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "_jwt")]
mod base64url;
mod challenge;
mod claims;
mod clock;
mod config_error;
mod credentials;
#[cfg(feature = "_jwt")]
mod crypto;
#[cfg(feature = "_jwt")]
mod endpoint;
mod error;
mod error_kind;
#[cfg(feature = "_jwt")]
mod http_client;
mod identity;
#[cfg(feature = "_jwt")]
mod introspection;
#[cfg(feature = "_jwt")]
mod json;
#[cfg(feature = "_jwt")]
mod jwks;
#[cfg(feature = "_jwt")]
mod jwt;
mod observe;
#[cfg(feature = "_jwt")]
mod readiness;
mod require;
mod response;
#[cfg(feature = "_jwt")]
mod revocation;
mod revocation_checked;
mod scope;
mod scope_policy;
mod scope_set;
#[cfg(feature = "_jwt")]
mod secret;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "serde")]
mod typed_claims;
mod verify;

#[cfg(feature = "axum")]
pub use self::axum::Claims;
#[cfg(all(feature = "reqwest", feature = "_jwt"))]
pub use self::http_client::ReqwestClient;
#[cfg(all(feature = "http-body", feature = "_jwt"))]
pub use self::http_client::ServiceClient;
#[cfg(feature = "http-body")]
pub use self::response::ResponseBody;
#[cfg(feature = "_jwt")]
pub use self::{
    algorithm::{Algorithm, UnknownAlgorithm},
    credentials::BasicCredentials,
    http_client::{HttpClient, HttpError, HttpResponseFuture},
    introspection::{
        ClientGiven, ClientMissing, IntrospectionDangerous, IntrospectionVerifier,
        IntrospectionVerifierBuilder,
    },
    jwt::{
        AudienceGiven, AudienceMissing, Dangerous, Issuers, IssuersBuilder, JwtVerifier,
        JwtVerifierBuilder, Profile, Tenant,
    },
    readiness::Readiness,
    revocation::Revocation,
    secret::Secret,
};
pub use self::{
    authenticate::{Authenticate, AuthenticateLayer, ResponseFuture},
    clock::{Clock, SystemClock},
    config_error::ConfigError,
    credentials::{BearerToken, RequestHead},
    error::Error,
    error_kind::{ErrorKind, RequestFault, TokenFault},
    identity::{Identity, IdentityAssertion},
    require::{Require, RequireFuture, RequireLayer, RequireScopeLayer},
    response::{Content, ErrorBody, Refusal, RefusalBody},
    revocation_checked::RevocationChecked,
    scope::{InvalidScope, Scope},
    scope_policy::ScopePolicy,
    scope_set::ScopeSet,
    verify::{Verification, Verify},
};
