//! The arithmetic of a rate limit.

use std::{ops::RangeInclusive, time::Duration};

use crate::ConfigError;

/// The valid periods. Times are in milliseconds, so a shorter period would round to no limit. With the
/// longest one, `period * burst` still fits in a `u64` for any `burst`.
const PERIODS: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(24 * 60 * 60);

/// A rate limit that allows a burst of attempts and then one more per period: the generic cell rate
/// algorithm ([GCRA]).
///
/// The state of a bucket is one number: the time at which it will be full again. All times are in
/// milliseconds.
///
/// [GCRA]: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    burst: u64,
    period: u64,
}

impl Rate {
    /// Allows `burst` attempts at once, then one more per `period`. The names appear in errors.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if the limit would allow no attempt at all, or any number of them.
    pub(super) fn new(
        burst: u32,
        period: Duration,
        [burst_name, period_name]: [&'static str; 2],
    ) -> Result<Self, ConfigError> {
        if burst == 0 {
            let problem = "must be at least 1; to disable the limit, use `no_guess_limit()`";
            return Err(ConfigError::new(burst_name, "0", problem));
        }
        if !PERIODS.contains(&period) {
            let value = format!("{} s", period.as_secs_f64());
            let problem =
                "must be between 1 ms and 24 hours; to disable the limit, use `no_guess_limit()`";
            return Err(ConfigError::new(period_name, value, problem));
        }
        Ok(Self { burst: burst.into(), period: millis(period) })
    }

    pub(super) const fn burst(self) -> u64 {
        self.burst
    }

    pub(super) const fn period(self) -> u64 {
        self.period
    }

    /// Takes an attempt from a bucket that is full again at `full_at`, and returns when it is full again now.
    /// If it is empty, returns the time until the next attempt is available.
    pub(super) fn take(self, full_at: u64, now: u64) -> Result<u64, u64> {
        let taken = self.charge(full_at, now);
        let latest = now.saturating_add(self.period.saturating_mul(self.burst));
        match taken.checked_sub(latest) {
            None | Some(0) => Ok(taken),
            Some(wait) => Err(wait),
        }
    }

    /// Takes an attempt even from an empty bucket, before it becomes available.
    pub(super) fn charge(self, full_at: u64, now: u64) -> u64 {
        full_at.max(now).saturating_add(self.period)
    }

    /// Refunds an attempt.
    pub(super) fn refund(self, full_at: u64) -> u64 {
        full_at.saturating_sub(self.period)
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["burst", "period"];

    #[test]
    fn after_the_burst_one_attempt_is_available_per_period() {
        let rate = Rate::new(3, Duration::from_secs(10), NAMES).unwrap();
        let now = 1_000_000;
        let mut full_at = 0;
        for _ in 0..3 {
            full_at = rate.take(full_at, now).unwrap();
        }
        assert_eq!(rate.take(full_at, now), Err(10_000));
        assert_eq!(rate.take(full_at, now + 4_000), Err(6_000));
        assert_eq!(rate.take(full_at, now + 10_000), Ok(now + 40_000));
        assert_eq!(rate.take(rate.refund(full_at), now), Ok(full_at));
        assert_eq!(rate.take(full_at, now + 1_000_000), Ok(now + 1_010_000));
    }

    #[test]
    fn the_largest_limit_is_still_a_limit() {
        let rate = Rate::new(u32::MAX, *PERIODS.end(), NAMES).unwrap();
        let (now, day) = (1_800_000_000_000, 86_400_000);
        let latest = now + u64::from(u32::MAX) * day;
        assert_eq!(rate.take(latest - day, now), Ok(latest));
        assert_eq!(rate.take(latest, now), Err(day));
    }
}
