//! Limits how often a password may be guessed for a user-id.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    ops::RangeInclusive,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use crate::ConfigError;

/// The number of buckets. All user-ids share them, so an attacker who makes up user-ids can't make
/// the table grow beyond 64 KiB.
const BUCKETS: usize = 8192;

/// The periods that a limiter accepts. A bucket counts in milliseconds, so a shorter period would be no
/// limit. Up to the longest one, `period * burst` fits a bucket for any `burst`.
const PERIODS: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(24 * 60 * 60);

/// A rate limiter for incorrect passwords with a bucket for each user-id, after the generic cell rate
/// algorithm ([GCRA]).
///
/// A bucket is one number: the time at which it will be full again. User-ids with the same hash share a
/// bucket. The hash is keyed with a random seed, so an attacker can't compute a user-id that shares the
/// bucket of a victim. Emptying most buckets would take more attempts than the buckets regain, which is
/// about 800 per second with the default limit.
///
/// [GCRA]: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
pub(super) struct GuessLimiter {
    /// When each bucket is full again, in milliseconds since the Unix epoch.
    full_at: Box<[AtomicU64]>,
    seed: RandomState,
    burst: u64,
    /// In milliseconds.
    period: u64,
}

impl GuessLimiter {
    /// Allows `burst` attempts at once, and one more after each `period`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for a limit that would allow nothing, or anything.
    pub(super) fn new(burst: u32, period: Duration) -> Result<Self, ConfigError> {
        if burst == 0 {
            let problem = "must be at least 1; `no_guess_limit()` turns the limit off";
            return Err(ConfigError::new("guess_limit burst", "0", problem));
        }
        if !PERIODS.contains(&period) {
            let value = format!("{} s", period.as_secs_f64());
            let problem =
                "must be between 1 ms and 24 hours; `no_guess_limit()` turns the limit off";
            return Err(ConfigError::new("guess_limit period", value, problem));
        }
        Ok(Self {
            full_at: std::iter::repeat_with(AtomicU64::default).take(BUCKETS).collect(),
            seed: RandomState::new(),
            burst: burst.into(),
            period: millis(period),
        })
    }

    /// Takes an attempt, or returns the time until the next one is available.
    pub(super) fn try_acquire(&self, user_id: &str, now: SystemTime) -> Result<(), Duration> {
        let now = millis(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
        let latest = now.saturating_add(self.period.saturating_mul(self.burst));
        let taken = |full_at: u64| {
            // A time beyond `latest` was written before the clock was set back.
            let full_at = if full_at > latest { now } else { full_at.max(now) };
            full_at.saturating_add(self.period)
        };
        let result =
            self.bucket(user_id).fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
                Some(taken(full_at)).filter(|&full_at| full_at <= latest)
            });
        match result {
            Ok(_) => Ok(()),
            Err(full_at) => Err(Duration::from_millis(taken(full_at).saturating_sub(latest))),
        }
    }

    /// Returns an attempt whose password was not incorrect.
    pub(super) fn refund(&self, user_id: &str) {
        let refunded = |full_at: u64| Some(full_at.saturating_sub(self.period));
        let _ = self.bucket(user_id).fetch_update(Ordering::Relaxed, Ordering::Relaxed, refunded);
    }

    fn bucket(&self, user_id: &str) -> &AtomicU64 {
        // Unreachable, since the remainder is a valid index: it keeps a panic out of the request path.
        static FALLBACK: AtomicU64 = AtomicU64::new(0);
        let index = self.seed.hash_one(user_id).checked_rem(BUCKETS as u64);
        let index = index.and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| self.full_at.get(index)).unwrap_or(&FALLBACK)
    }
}

impl fmt::Debug for GuessLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuessLimiter")
            .field("burst", &self.burst)
            .field("period", &Duration::from_millis(self.period))
            .finish_non_exhaustive()
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limiter(burst: u32, period: Duration) -> GuessLimiter {
        GuessLimiter::new(burst, period).unwrap()
    }

    #[test]
    fn after_the_burst_one_attempt_is_allowed_per_period() {
        let (limiter, now) = (limiter(3, 10 * SECOND), SystemTime::now());
        for _ in 0..3 {
            assert_eq!(limiter.try_acquire("alice", now), Ok(()));
        }
        assert_eq!(limiter.try_acquire("alice", now), Err(10 * SECOND));
        assert_eq!(limiter.try_acquire("alice", now + 4 * SECOND), Err(6 * SECOND));
        assert_eq!(limiter.try_acquire("alice", now + 10 * SECOND), Ok(()));
        assert_eq!(limiter.try_acquire("alice", now + 10 * SECOND), Err(10 * SECOND));
        for _ in 0..3 {
            assert_eq!(limiter.try_acquire("alice", now + 1000 * SECOND), Ok(()));
        }
        assert!(limiter.try_acquire("alice", now + 1000 * SECOND).is_err());
    }

    #[test]
    fn a_refunded_attempt_is_available_again() {
        let (limiter, now) = (limiter(1, 10 * SECOND), SystemTime::now());
        for _ in 0..100 {
            assert_eq!(limiter.try_acquire("alice", now), Ok(()));
            limiter.refund("alice");
        }
        assert_eq!(limiter.try_acquire("alice", now), Ok(()));
        assert!(limiter.try_acquire("alice", now).is_err());
    }

    #[test]
    fn refunds_never_raise_the_burst() {
        let (limiter, now) = (limiter(2, 10 * SECOND), SystemTime::now());
        (0..10).for_each(|_| limiter.refund("alice"));
        let taken = (0..10).filter(|_| limiter.try_acquire("alice", now).is_ok()).count();
        assert_eq!(taken, 2);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let (limiter, now) = (limiter(2, 10 * SECOND), SystemTime::now());
        assert_eq!(limiter.try_acquire("alice", now), Ok(()));
        assert_eq!(limiter.try_acquire("alice", now), Ok(()));
        assert_eq!(limiter.try_acquire("alice", now - 86_400 * SECOND), Ok(()));
    }

    #[test]
    fn the_largest_limit_is_still_a_limit() {
        let (day, now) = (*PERIODS.end(), SystemTime::now());
        let limiter = limiter(u32::MAX, day);
        let latest = millis(now.duration_since(SystemTime::UNIX_EPOCH).unwrap())
            + u64::from(u32::MAX) * millis(day);
        limiter.bucket("alice").store(latest - millis(day), Ordering::Relaxed);
        assert_eq!(limiter.try_acquire("alice", now), Ok(()));
        assert_eq!(limiter.try_acquire("alice", now), Err(day));
    }

    #[test]
    fn an_attacker_with_many_user_ids_hardly_affects_another_user() {
        let (limiter, now) = (limiter(20, 10 * SECOND), SystemTime::now());
        for user in 0..1000 {
            let _ = limiter.try_acquire(&user.to_string(), now);
        }
        assert_eq!(limiter.try_acquire("alice", now), Ok(()));
    }

    #[test]
    fn concurrent_attempts_never_exceed_the_burst() {
        let (limiter, now) = (limiter(50, 10 * SECOND), SystemTime::now());
        let taken = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    let mine =
                        (0..100).filter(|_| limiter.try_acquire("alice", now).is_ok()).count();
                    taken.fetch_add(mine, Ordering::Relaxed);
                });
            }
        });
        assert_eq!(taken.into_inner(), 50);
    }
}
