//! What one layer logs about failures that belong to no issuer, at a limited rate.

use std::time::SystemTime;

use super::limiter::LogLimiter;
use crate::{ErrorKind, claims::NumericDate};

/// Limits the lines at WARN and at ERROR of one layer to one each per minute. The failures of issuers have limits of
/// their own.
#[derive(Debug, Default)]
pub(crate) struct RejectionLog {
    misconfigured: LogLimiter,
    unavailable: LogLimiter,
}

impl RejectionLog {
    /// Returns how many lines were suppressed since the last one, or `None` if this one is to be suppressed.
    pub(super) fn admit(&self, kind: ErrorKind) -> Option<u64> {
        // The clock of a verifier isn't known to the layer, and nothing but the log depends on this one.
        let now = NumericDate::from_system_time(SystemTime::now());
        match kind {
            ErrorKind::Misconfigured => self.misconfigured.admit(now),
            _ => self.unavailable.admit(now),
        }
    }
}
