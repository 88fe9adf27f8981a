//! The authentication that a client is asked for in a step-up (RFC 9470 §3).

use std::time::Duration;

/// The authentication that a request requires.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StepUp {
    /// The accepted values of `acr`, separated by spaces, the preferred one first. `None` accepts any value.
    pub(crate) acr_values: Option<Box<str>>,
    pub(crate) max_age: Option<Duration>,
}
