//! A rate limit for log lines, per reason.

use std::sync::{Mutex, PoisonError};

use super::limiter::LogLimiter;
use crate::claims::NumericDate;

/// Limits an event to one per minute and reason, and counts the occurrences in between.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    /// Reasons are constants, so there are only a few.
    reasons: Mutex<Vec<(&'static str, LogLimiter)>>,
}

impl Throttle {
    /// Counts an occurrence. If an event is to be logged, returns the number of occurrences since the last one,
    /// including this one.
    pub(crate) fn count(&self, reason: &'static str, now: NumericDate) -> Option<u64> {
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        if !reasons.iter().any(|(known, _)| *known == reason) {
            reasons.push((reason, LogLimiter::default()));
        }
        let limiter = reasons.iter().find(|(known, _)| *known == reason);
        let suppressed = limiter.and_then(|(_, limiter)| limiter.admit(now));
        suppressed.map(|suppressed| suppressed.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_logged_once_per_minute_with_the_count() {
        let throttle = Throttle::default();
        for (reason, now, count) in [
            ("busy", 1000, Some(1)),
            ("busy", 1000, None),
            ("busy", 1059, None),
            ("status", 1059, Some(1)),
            ("busy", 1060, Some(3)),
            ("busy", 1061, None),
            ("busy", 2000, Some(2)),
            ("busy", 500, Some(1)),
            ("busy", 501, None),
        ] {
            let counted = throttle.count(reason, NumericDate::from_secs(now));
            assert_eq!(counted, count, "{reason} at {now}");
        }
    }
}
