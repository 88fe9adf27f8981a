//! The log of one layer for failures that belong to no issuer, at a limited rate.

use std::time::SystemTime;

use super::limiter::LogLimiter;
use crate::{ErrorKind, claims::NumericDate};

/// Limits the lines of one layer to one per minute at WARN, and one per minute at ERROR. Failures of issuers are
/// limited separately.
#[derive(Debug, Default)]
pub(crate) struct RejectionLog {
    misconfigured: LogLimiter,
    unavailable: LogLimiter,
}

impl RejectionLog {
    /// Returns the number of lines that were suppressed since the last one, or `None` if this one is to be suppressed.
    pub(super) fn admit(&self, kind: ErrorKind) -> Option<u64> {
        // The layer doesn't know the clock of the verifier. Only the log depends on this one.
        let now = NumericDate::from_system_time(SystemTime::now());
        match kind {
            ErrorKind::Misconfigured => self.misconfigured.admit(now),
            _ => self.unavailable.admit(now),
        }
    }
}
