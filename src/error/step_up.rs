//! What a client is asked for if its user has to authenticate again (RFC 9470 §3).

use std::time::Duration;

/// The authentication that a request requires.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StepUp {
    /// The accepted values of `acr`, joined by spaces, the preferred one first. `None` accepts any.
    pub(crate) acr_values: Option<Box<str>>,
    pub(crate) max_age: Option<Duration>,
}
