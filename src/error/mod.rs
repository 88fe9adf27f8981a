//! Errors, as operators and clients see them.
//!
//! [`Error`] is the error of every rejection. Its [`ErrorKind`] determines the status, the `error` code, the gRPC code
//! and the description. Its `source()` and its [`Diagnosis`] are for the operator. The diagnosis contains the
//! [`Finding`] of the rule that rejected the request. Builders return a [`ConfigError`].
//!
//! ```
//! use portcullis::{Error, ErrorKind, error::TokenFault};
//!
//! let error = Error::from(TokenFault::Expired);
//! assert_eq!(error.kind(), ErrorKind::InvalidToken(TokenFault::Expired));
//! assert_eq!((error.status().as_u16(), error.code()), (401, Some("invalid_token")));
//! assert_eq!(error.kind().reason(), "token_expired");
//! ```

mod authentication_fault;
mod config_error;
mod diagnosed;
mod diagnosis;
mod dpop_fault;
#[expect(clippy::module_inception, reason = "the file holds the type of that name")]
mod error;
mod excerpt;
mod finding;
mod kind;
#[cfg(feature = "_remote")]
mod redacted;
mod report;
pub(crate) mod retry_after;
mod step_up;
#[cfg_attr(not(feature = "tracing"), path = "subject_field_off.rs")]
pub(crate) mod subject_field;

#[cfg(feature = "_remote")]
pub(crate) use self::redacted::redacted;
pub(crate) use self::report::{Report, SharedFailure};
// rustdoc ignores aliases of an item in a private module, so they are on the re-exports.
#[doc(alias = "logging")]
pub use self::diagnosis::Diagnosis;
#[doc(alias = "reject")]
pub use self::error::Error;
pub use self::{
    authentication_fault::AuthenticationFault,
    config_error::ConfigError,
    dpop_fault::DpopFault,
    finding::{Finding, Verdict},
    kind::{ErrorKind, RequestFault, TokenFault},
};
pub(crate) use self::{
    excerpt::{excerpt, excerpts},
    step_up::StepUp,
};
