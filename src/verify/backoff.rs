//! Exponential backoff with jitter, and the resulting cooldowns.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use crate::claims::NumericDate;

/// How far the time of a request may be before the start of a cooldown, because the request read the
/// clock earlier. If it is further, the clock was set back.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(500);

/// The delays between failed attempts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    /// The delay after the first failure. It doubles with each further failure.
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

/// A period in which an attempt must not start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cooldown {
    starts_at: NumericDate,
    ends_at: NumericDate,
}

/// The consecutive failures of one operation.
#[derive(Debug)]
pub(crate) struct Failures<E> {
    count: u32,
    last: Option<(Arc<E>, Cooldown)>,
}

impl Backoff {
    /// Returns the delay after this number of consecutive failures. `jitter`, from 0 to 1, spreads
    /// clients that failed at the same time over the second half of the delay.
    pub(crate) fn delay(self, failures: u32, jitter: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(16);
        let delay = self.first.saturating_mul(1_u32.wrapping_shl(doublings)).min(self.longest);
        delay.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }
}

impl Cooldown {
    pub(crate) fn new(now: NumericDate, length: Duration) -> Self {
        Self { starts_at: now, ends_at: now.saturating_add(length) }
    }

    /// Returns whether the cooldown is active. Setting the clock back ends it.
    pub(crate) fn is_active(&self, now: NumericDate) -> bool {
        self.starts_at <= now.saturating_add(CLOCK_TOLERANCE) && now < self.ends_at
    }

    /// Returns the remaining time, if the cooldown is active.
    pub(crate) fn left(&self, now: NumericDate) -> Option<Duration> {
        if !self.is_active(now) {
            return None;
        }
        self.ends_at.since(now.max(self.starts_at))
    }
}

impl<E> Failures<E> {
    /// Records a failure and returns the delay before the next attempt.
    pub(crate) fn record(&mut self, error: Arc<E>, now: NumericDate, backoff: Backoff) -> Duration {
        self.count = self.count.saturating_add(1);
        let delay = backoff.delay(self.count, jitter());
        self.last = Some((error, Cooldown::new(now, delay)));
        delay
    }

    /// Returns the time until the next attempt may start.
    pub(crate) fn cooldown_left(&self, now: NumericDate) -> Option<Duration> {
        self.last.as_ref().and_then(|(_, cooldown)| cooldown.left(now))
    }

    /// Returns the error of the last attempt, if it failed.
    pub(crate) fn last_error(&self) -> Option<&Arc<E>> {
        self.last.as_ref().map(|(error, _)| error)
    }
}

impl<E> Default for Failures<E> {
    fn default() -> Self {
        Self { count: 0, last: None }
    }
}

/// Returns a number from 0 to 1. The seed of a hasher is random enough, because security doesn't
/// depend on jitter.
fn jitter() -> f64 {
    let bits = RandomState::new().hash_one(0_u8);
    f64::from(u32::try_from(bits & 0xffff).unwrap_or_default()) / 65_535.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff =
        Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

    fn at(millis: u64) -> NumericDate {
        NumericDate::from_secs(0).saturating_add(Duration::from_millis(millis))
    }

    #[test]
    fn delays_double_from_one_second_to_a_minute() {
        for (failures, seconds) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (u32::MAX, 60)] {
            let longest = Duration::from_secs(seconds);
            assert_eq!(BACKOFF.delay(failures, 1.0), longest);
            assert_eq!(BACKOFF.delay(failures, 0.0), longest / 2);
            assert_eq!(BACKOFF.delay(failures, 9.0), longest);
        }
    }

    #[test]
    fn a_cooldown_ends_on_time_or_if_the_clock_is_set_back() {
        let cooldown = Cooldown::new(at(100_000), Duration::from_secs(10));
        for (now, left) in [
            (100_000, Some(10_000)),
            (109_999, Some(1)),
            (110_000, None),
            (200_000, None),
            // A request that read the clock just before the cooldown began.
            (99_999, Some(10_000)),
            (99_500, Some(10_000)),
            // A clock that was set back.
            (99_499, None),
            (0, None),
        ] {
            let left = left.map(Duration::from_millis);
            assert_eq!(cooldown.left(at(now)), left, "at {now} ms");
        }
        assert_eq!(Cooldown::new(at(0), Duration::ZERO).left(at(0)), None);
    }

    #[test]
    fn each_failure_starts_a_longer_cooldown() {
        let mut failures = Failures::default();
        assert!(failures.last_error().is_none());
        assert_eq!(failures.cooldown_left(at(0)), None);
        for (error, longest) in ["first", "second", "third"].into_iter().zip([1, 2, 4]) {
            let longest = Duration::from_secs(longest);
            let delay = failures.record(Arc::new(error), at(1000), BACKOFF);
            assert!((longest / 2..=longest).contains(&delay), "{delay:?}");
            assert_eq!(failures.cooldown_left(at(1000)), Some(delay));
            assert_eq!(failures.last_error().map(|last| **last), Some(error));
        }
    }

    #[test]
    fn jitter_varies_within_its_range() {
        let delays: Vec<_> = (0..100).map(|_| BACKOFF.delay(1, jitter())).collect();
        let longest = Duration::from_secs(1);
        assert!(delays.iter().all(|delay| (longest / 2..=longest).contains(delay)), "{delays:?}");
        assert!(delays.iter().any(|delay| *delay != delays[0]), "{delays:?}");
    }
}
