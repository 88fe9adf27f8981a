//! How often someone may be wrong.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

/// User-ids share this many places: 64 KiB, however many user-ids a stranger makes up.
const SLOTS: usize = 8192;

/// A bucket of attempts for each user-id, which refills with time.
///
/// A bucket is one number: the time at which it will be full again (the generic cell rate
/// algorithm). User-ids that share a place share a bucket. Which ones do is decided by a secret
/// seed, so a stranger can only empty the bucket of someone else by luck, and to keep most of them
/// empty would take more attempts than they refill with: 800 a second by default.
pub(super) struct Attempts {
    full_at: Box<[AtomicU64]>,
    seed: RandomState,
    at_once: u64,
    refill: u64,
}

impl Attempts {
    /// At most `at_once`, and one more after each `refill`. No `refill` is no limit.
    pub(super) fn new(at_once: u32, refill: Duration) -> Self {
        Self {
            full_at: std::iter::repeat_with(AtomicU64::default).take(SLOTS).collect(),
            seed: RandomState::new(),
            at_once: at_once.max(1).into(),
            refill: millis(refill),
        }
    }

    /// Takes an attempt, or says how long it is until there is one again.
    pub(super) fn take(&self, user_id: &str, now: SystemTime) -> Result<(), Duration> {
        let now = millis(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
        let latest = now.saturating_add(self.refill.saturating_mul(self.at_once));
        let taken = |full_at: u64| {
            // One that lies further ahead was set before the clock was turned back.
            let full_at = if full_at > latest { now } else { full_at.max(now) };
            full_at.saturating_add(self.refill)
        };
        let result =
            self.slot(user_id).fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
                Some(taken(full_at)).filter(|&full_at| full_at <= latest)
            });
        match result {
            Ok(_) => Ok(()),
            Err(full_at) => Err(Duration::from_millis(taken(full_at).saturating_sub(latest))),
        }
    }

    /// Puts an attempt back that was not wrong.
    pub(super) fn give_back(&self, user_id: &str) {
        let put_back = |full_at: u64| Some(full_at.saturating_sub(self.refill));
        let _ = self.slot(user_id).fetch_update(Ordering::Relaxed, Ordering::Relaxed, put_back);
    }

    fn slot(&self, user_id: &str) -> &AtomicU64 {
        static NOWHERE: AtomicU64 = AtomicU64::new(0);
        let place = self.seed.hash_one(user_id).checked_rem(SLOTS as u64);
        let place = place.and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| self.full_at.get(place)).unwrap_or(&NOWHERE)
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts")
            .field("at_once", &self.at_once)
            .field("refill", &Duration::from_millis(self.refill))
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

    #[test]
    fn a_bucket_empties_and_refills() {
        let (attempts, now) = (Attempts::new(3, 10 * SECOND), SystemTime::now());
        for _ in 0..3 {
            assert_eq!(attempts.take("alice", now), Ok(()));
        }
        assert_eq!(attempts.take("alice", now), Err(10 * SECOND));
        assert_eq!(attempts.take("alice", now + 4 * SECOND), Err(6 * SECOND));
        assert_eq!(attempts.take("alice", now + 10 * SECOND), Ok(()));
        assert_eq!(attempts.take("alice", now + 10 * SECOND), Err(10 * SECOND));
        for _ in 0..3 {
            assert_eq!(attempts.take("alice", now + 1000 * SECOND), Ok(()));
        }
        assert!(attempts.take("alice", now + 1000 * SECOND).is_err());
    }

    #[test]
    fn an_attempt_put_back_can_be_taken_again() {
        let (attempts, now) = (Attempts::new(1, 10 * SECOND), SystemTime::now());
        for _ in 0..100 {
            assert_eq!(attempts.take("alice", now), Ok(()));
            attempts.give_back("alice");
        }
        assert_eq!(attempts.take("alice", now), Ok(()));
        assert!(attempts.take("alice", now).is_err());
    }

    #[test]
    fn more_put_back_than_taken_makes_a_bucket_no_larger() {
        let (attempts, now) = (Attempts::new(2, 10 * SECOND), SystemTime::now());
        (0..10).for_each(|_| attempts.give_back("alice"));
        let taken = (0..10).filter(|_| attempts.take("alice", now).is_ok()).count();
        assert_eq!(taken, 2);
    }

    #[test]
    fn a_clock_turned_back_locks_nobody_out() {
        let (attempts, now) = (Attempts::new(2, 10 * SECOND), SystemTime::now());
        assert_eq!(attempts.take("alice", now), Ok(()));
        assert_eq!(attempts.take("alice", now), Ok(()));
        assert_eq!(attempts.take("alice", now - 86_400 * SECOND), Ok(()));
    }

    #[test]
    fn without_a_refill_time_there_is_no_limit() {
        let attempts = Attempts::new(1, Duration::ZERO);
        assert!((0..1000).all(|_| attempts.take("alice", SystemTime::now()).is_ok()));
    }

    #[test]
    fn a_stranger_with_many_user_ids_hardly_touches_another_user() {
        let (attempts, now) = (Attempts::new(20, 10 * SECOND), SystemTime::now());
        for user in 0..1000 {
            let _ = attempts.take(&user.to_string(), now);
        }
        assert_eq!(attempts.take("alice", now), Ok(()));
    }

    #[test]
    fn threads_take_no_more_than_there_is() {
        let (attempts, now) = (Attempts::new(50, 10 * SECOND), SystemTime::now());
        let taken = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    let mine = (0..100).filter(|_| attempts.take("alice", now).is_ok()).count();
                    taken.fetch_add(mine, Ordering::Relaxed);
                });
            }
        });
        assert_eq!(taken.into_inner(), 50);
    }
}
