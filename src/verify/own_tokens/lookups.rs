//! Limits the look-ups in the store.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use quick_cache::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::TokenDigest;
use crate::{ConfigError, Error, error::retry_after};

/// The maximum number of valid tokens, and of unknown tokens, that are cached.
const CAPACITY: usize = 10_000;

/// How long a token that was valid counts as recently valid.
const RECENT: Duration = Duration::from_secs(24 * 60 * 60);

/// The maximum number of waiting look-ups per running one.
const WAITING_PER_RUNNING: usize = 10;

/// The permits for look-ups, and a cache of the tokens that the store doesn't know.
///
/// Anyone can generate tokens with a correct checksum. Therefore, recently valid tokens have separate
/// permits, and a token that the store didn't know is rejected for a short time without another look-up.
pub(super) struct Lookups {
    recently_valid: Pool,
    others: Pool,
    /// The last time at which each token was valid.
    valid: Cache<TokenDigest, SystemTime>,
    /// The last time at which each token was unknown to the store.
    unknown: Cache<TokenDigest, SystemTime>,
    cache_unknown_for: Duration,
}

/// The permits for running look-ups, and for a larger number of waiting ones.
struct Pool {
    running: Arc<Semaphore>,
    /// The look-ups that are running or waiting.
    admitted: Arc<Semaphore>,
}

/// A permit for one look-up, which is returned when it is dropped.
pub(super) struct LookupPermit {
    _running: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
}

impl Lookups {
    /// Allows `max` concurrent look-ups of recently valid tokens, and as many of other tokens.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if `max` is zero, or more than a semaphore can count.
    pub(super) fn new(max: usize, cache_unknown_for: Duration) -> Result<Self, ConfigError> {
        let admitted = max.checked_mul(WAITING_PER_RUNNING.saturating_add(1));
        let admitted = admitted.filter(|admitted| (1..=Semaphore::MAX_PERMITS).contains(admitted));
        let Some(admitted) = admitted else {
            let limit = Semaphore::MAX_PERMITS.div_euclid(WAITING_PER_RUNNING.saturating_add(1));
            let problem = format!("must be between 1 and {limit}");
            return Err(ConfigError::new("max_lookups", max.to_string(), problem));
        };
        let pool = || Pool {
            running: Arc::new(Semaphore::new(max)),
            admitted: Arc::new(Semaphore::new(admitted)),
        };
        Ok(Self {
            recently_valid: pool(),
            others: pool(),
            valid: Cache::new(CAPACITY),
            unknown: Cache::new(CAPACITY),
            cache_unknown_for,
        })
    }

    /// Returns whether the token was recently unknown to the store.
    pub(super) fn is_unknown(&self, digest: &TokenDigest, now: SystemTime) -> bool {
        self.unknown.get(digest).is_some_and(|at| is_within(self.cache_unknown_for, at, now))
    }

    /// Waits until the token may be looked up.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) with `Retry-After: 1` if too many
    /// look-ups are already waiting.
    pub(super) async fn acquire(
        &self,
        digest: &TokenDigest,
        now: SystemTime,
    ) -> Result<LookupPermit, Error> {
        let is_recent = self.valid.get(digest).is_some_and(|at| is_within(RECENT, at, now));
        let pool = if is_recent { &self.recently_valid } else { &self.others };
        let admitted = Arc::clone(&pool.admitted).try_acquire_owned().map_err(|_| {
            Error::unavailable("too many concurrent look-ups of tokens")
                .with_retry_after(retry_after::SOON)
        })?;
        let running =
            Arc::clone(&pool.running).acquire_owned().await.map_err(Error::unavailable)?;
        Ok(LookupPermit { _running: running, _admitted: admitted })
    }

    pub(super) fn insert_unknown(&self, digest: TokenDigest, now: SystemTime) {
        self.valid.remove(&digest);
        if !self.cache_unknown_for.is_zero() {
            self.unknown.insert(digest, now);
        }
    }

    pub(super) fn insert_valid(&self, digest: TokenDigest, now: SystemTime) {
        self.valid.insert(digest, now);
    }

    /// Removes a token that has expired or was revoked.
    pub(super) fn remove_valid(&self, digest: &TokenDigest) {
        self.valid.remove(digest);
    }
}

/// Returns whether `now` is within `period` after `since`. It isn't if the clock was set back.
fn is_within(period: Duration, since: SystemTime, now: SystemTime) -> bool {
    now.duration_since(since).is_ok_and(|age| age < period)
}

impl fmt::Debug for Lookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookups")
            .field("valid", &self.valid.len())
            .field("unknown", &self.unknown.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_tokens_in_memory_is_bounded() {
        let (lookups, now) = (Lookups::new(1, RECENT).unwrap(), SystemTime::now());
        for number in 0..CAPACITY * 2 {
            let digest = TokenDigest::of(&number.to_string());
            lookups.insert_valid(digest, now);
            lookups.unknown.insert(digest, now);
        }
        assert!(lookups.valid.len() <= CAPACITY && lookups.unknown.len() <= CAPACITY);
    }

    #[test]
    fn an_entry_from_the_future_is_ignored() {
        let (lookups, now) = (Lookups::new(1, RECENT).unwrap(), SystemTime::now());
        let digest = TokenDigest::of("a");
        lookups.insert_unknown(digest, now);
        assert!(lookups.is_unknown(&digest, now));
        assert!(!lookups.is_unknown(&digest, now - Duration::from_secs(1)));
    }
}
