//! portcullis
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod authenticate;
#[cfg(feature = "axum")]
mod axum;
mod challenge;
mod claims;
mod clock;
mod config_error;
mod credentials;
mod error;
mod error_kind;
mod identity;
mod require;
mod response;
mod scope;
mod scope_policy;
mod scope_set;
#[cfg(feature = "serde")]
mod typed_claims;
mod verify;

#[cfg(feature = "axum")]
pub use self::axum::Claims;
#[cfg(feature = "http-body")]
pub use self::response::ResponseBody;
pub use self::{
    authenticate::{Authenticate, AuthenticateLayer, ResponseFuture},
    clock::{Clock, SystemClock},
    config_error::ConfigError,
    credentials::BearerToken,
    error::Error,
    error_kind::{ErrorKind, RequestFault, TokenFault},
    identity::{Identity, IdentityAssertion},
    require::{Require, RequireFuture, RequireLayer, RequireScopeLayer},
    response::{Content, ErrorBody, Refusal, RefusalBody},
    scope::{InvalidScope, Scope},
    scope_policy::ScopePolicy,
    scope_set::ScopeSet,
    verify::{Verification, Verify},
};
