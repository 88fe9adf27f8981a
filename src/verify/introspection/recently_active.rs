//! The tokens that were recently active.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use quick_cache::sync::Cache;

use crate::claims::NumericDate;

/// How long a token counts as recently active after its cache entry has expired.
const GRACE: Duration = Duration::from_secs(10 * 60);

/// The hashes of tokens that an introspection accepted, which are kept for longer than the outcome
/// is cached.
///
/// The hash has a random key, so clients can't find a token with the same hash as another one. A collision
/// wouldn't make a token acceptable, but would only have it introspected earlier.
pub(super) struct RecentlyActive {
    hasher: RandomState,
    accepted_at: Cache<u64, NumericDate>,
    kept_for: Duration,
}

impl RecentlyActive {
    /// Creates the set for at most `capacity` tokens, whose outcomes are cached for `cached_for`.
    pub(super) fn new(capacity: usize, cached_for: Duration) -> Self {
        Self {
            hasher: RandomState::new(),
            accepted_at: Cache::new(capacity),
            kept_for: cached_for.saturating_add(GRACE),
        }
    }

    pub(super) fn insert(&self, token: &str, now: NumericDate) {
        self.accepted_at.insert(self.hasher.hash_one(token), now);
    }

    pub(super) fn remove(&self, token: &str) {
        self.accepted_at.remove(&self.hasher.hash_one(token));
    }

    /// Returns whether a token is recently active. It isn't if the clock was set back before its
    /// insertion.
    pub(super) fn contains(&self, token: &str, now: NumericDate) -> bool {
        let accepted_at = self.accepted_at.get(&self.hasher.hash_one(token));
        accepted_at.and_then(|at| now.since(at)).is_some_and(|age| age < self.kept_for)
    }
}

impl fmt::Debug for RecentlyActive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecentlyActive({})", self.accepted_at.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recently_active_for_ten_minutes_after_its_entry() {
        let recently_active = RecentlyActive::new(10, Duration::from_secs(60));
        recently_active.insert("t", NumericDate::from_secs(1000));
        for (now, expected) in [(999, false), (1000, true), (1659, true), (1660, false)] {
            let now = NumericDate::from_secs(now);
            assert_eq!(recently_active.contains("t", now), expected, "{now:?}");
            assert!(!recently_active.contains("u", now));
        }
        recently_active.remove("t");
        assert!(!recently_active.contains("t", NumericDate::from_secs(1000)));
    }

    #[test]
    fn the_number_of_tokens_is_bounded() {
        let recently_active = RecentlyActive::new(10, Duration::ZERO);
        for token in 0..1000 {
            recently_active.insert(&token.to_string(), NumericDate::from_secs(1000));
        }
        assert!(recently_active.accepted_at.len() <= 10);
    }
}
