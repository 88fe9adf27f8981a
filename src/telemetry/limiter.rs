//! A rate limit for log lines.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::claims::NumericDate;

/// The minimum time between two lines.
const INTERVAL: Duration = Duration::from_secs(60);

/// Allows one line per minute, so that a flood of requests doesn't become a flood of log lines.
#[derive(Debug, Default)]
pub(super) struct LogLimiter(Mutex<Option<State>>);

#[derive(Debug, Clone, Copy)]
struct State {
    logged_at: NumericDate,
    suppressed: u64,
}

impl LogLimiter {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Returns the number of lines that were suppressed since the last one, or `None` if this one is to be suppressed.
    pub(super) fn admit(&self, now: NumericDate) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (logged_at, suppressed) = match *state {
            Some(State { logged_at, suppressed }) => (Some(logged_at), suppressed),
            None => (None, 0),
        };
        // In both directions, so that a clock that was set back doesn't suppress lines for longer.
        let elapsed = logged_at.and_then(|at| now.since(at).or_else(|| at.since(now)));
        match (logged_at, elapsed) {
            (Some(logged_at), Some(elapsed)) if elapsed < INTERVAL => {
                *state = Some(State { logged_at, suppressed: suppressed.saturating_add(1) });
                None
            }
            _ => {
                *state = Some(State { logged_at: now, suppressed: 0 });
                Some(suppressed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_per_minute_is_logged_with_the_suppressed_count() {
        let limiter = LogLimiter::default();
        for (second, admitted) in [
            (1000, Some(0)),
            (1000, None),
            (1030, None),
            (1059, None),
            (1060, Some(3)),
            (1061, None),
            (5000, Some(1)),
            (5060, Some(0)),
            // The clock was set back.
            (5059, None),
            (100, Some(1)),
            (101, None),
        ] {
            let now = NumericDate::from_secs(second);
            assert_eq!(limiter.admit(now), admitted, "at {second} s");
        }
    }
}
