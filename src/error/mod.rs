//! What goes wrong, and how operators and clients learn of it.
//!
//! [`Error`] is the one error of every rejection. Its [`ErrorKind`] determines status, code, gRPC code and
//! description; its `source()` is for the operator, and so is its [`Diagnosis`]: the [`Finding`] of the rule that
//! rejected the request. [`ConfigError`] is what a builder returns.

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

#[cfg(feature = "_remote")]
pub(crate) use self::redacted::redacted;
pub(crate) use self::report::{SharedFailure, WithCauses};
pub use self::{
    authentication_fault::AuthenticationFault,
    config_error::ConfigError,
    diagnosis::Diagnosis,
    dpop_fault::DpopFault,
    error::Error,
    finding::{Finding, Verdict},
    kind::{ErrorKind, RequestFault, TokenFault},
};
pub(crate) use self::{
    excerpt::{excerpt, excerpts},
    step_up::StepUp,
};
