//! Caches the outcome of password checks.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use quick_cache::sync::Cache;

use crate::{
    BasicCredentials, Identity,
    digest::{Digest, KeyedDigest},
};

/// How many correct credentials are cached at most, and how many incorrect ones.
const CAPACITY: usize = 10_000;

/// How long verified credentials count as recently verified, which exempts them from the guess limit. No
/// outcome is used for longer.
pub(super) const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The outcomes of earlier password checks, found by a keyed digest of the credentials.
///
/// The cache holds no passwords. Its digests can't be tested against guesses without their key, which is
/// random and never leaves the process.
///
/// Correct and incorrect credentials are cached apart, so an attacker can neither fill the cache of
/// correct ones nor evict an entry from it. Incorrect credentials are cached because a client with an
/// outdated password keeps sending it: that is no guess, and must not count as one.
pub(super) struct PasswordCache {
    keyed_digest: KeyedDigest,
    correct: Cache<Digest, Arc<Entry>>,
    incorrect: Cache<Digest, SystemTime>,
    /// Counts invalidations, so that a check that was running during one isn't cached.
    epoch: AtomicU64,
}

/// Credentials whose password was correct.
struct Entry {
    user_id: Box<str>,
    identity: Identity,
    verified_at: SystemTime,
}

/// What [`PasswordCache::look_up`] found, and the key under which a new outcome is cached.
pub(super) struct CachedOutcome {
    digest: Digest,
    user_id: Box<str>,
    epoch: u64,
    /// The identity and the age of the entry, if the password was correct.
    correct: Option<(Identity, Duration)>,
    /// The age of the entry, if the password was incorrect.
    incorrect: Option<Duration>,
}

impl PasswordCache {
    pub(super) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            keyed_digest: KeyedDigest::new(),
            correct: Cache::new(capacity),
            incorrect: Cache::new(capacity),
            epoch: AtomicU64::new(0),
        }
    }

    /// Looks up the outcome of an earlier check of `credentials` against `stored_hash`. Once the user
    /// has another hash, there is no outcome.
    pub(super) fn look_up(
        &self,
        credentials: &BasicCredentials,
        stored_hash: &[u8],
        now: SystemTime,
    ) -> CachedOutcome {
        // Read before the look-up, so that `remove_if_invalidated` notices an invalidation after it.
        let epoch = self.epoch.load(Ordering::Acquire);
        let (user_id, password) = (credentials.user_id(), credentials.password());
        let digest = self.keyed_digest.of(&[user_id.as_bytes(), password.as_bytes(), stored_hash]);
        // An entry from the future was made before the clock was set back. It has no known age.
        let correct = self.correct.get(&digest).and_then(|entry| {
            let age = now.duration_since(entry.verified_at).ok()?;
            (age < MAX_AGE).then(|| (entry.identity.clone(), age))
        });
        let incorrect = self.incorrect.get(&digest).and_then(|at| now.duration_since(at).ok());
        CachedOutcome { digest, user_id: user_id.into(), epoch, correct, incorrect }
    }

    /// Caches that the credentials of `outcome` are correct.
    pub(super) fn insert_correct(
        &self,
        outcome: CachedOutcome,
        identity: &Identity,
        now: SystemTime,
    ) {
        let CachedOutcome { digest, user_id, epoch, .. } = outcome;
        let entry = Entry { user_id, identity: identity.clone(), verified_at: now };
        self.incorrect.remove(&digest);
        self.correct.insert(digest.clone(), Arc::new(entry));
        self.remove_if_invalidated(&digest, epoch);
    }

    /// Caches that the credentials of `outcome` are incorrect.
    pub(super) fn insert_incorrect(&self, outcome: CachedOutcome, now: SystemTime) {
        let CachedOutcome { digest, epoch, .. } = outcome;
        self.correct.remove(&digest);
        self.incorrect.insert(digest.clone(), now);
        self.remove_if_invalidated(&digest, epoch);
    }

    /// Removes the outcomes for a user, who is named by user-id or by the subject of the identity.
    pub(super) fn invalidate(&self, user: &str) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.correct
            .retain(|_, entry| *entry.user_id != *user && entry.identity.subject() != Some(user));
        // These entries don't name a user.
        self.incorrect.clear();
    }

    /// Runs after each insertion. An invalidation that has changed the epoch since the look-up is noticed
    /// here. One that changes it later removes the entry itself.
    fn remove_if_invalidated(&self, digest: &Digest, epoch: u64) {
        if self.epoch.load(Ordering::Acquire) != epoch {
            self.correct.remove(digest);
            self.incorrect.remove(digest);
        }
    }
}

impl CachedOutcome {
    /// Returns the user-id that the outcome is for.
    pub(super) fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Returns whether the credentials were correct within the last 24 hours.
    pub(super) fn is_recently_verified(&self) -> bool {
        self.correct.is_some()
    }

    /// Returns the identity if the credentials were verified less than `max_age` ago.
    pub(super) fn verified_within(&self, max_age: Duration) -> Option<&Identity> {
        self.correct.as_ref().filter(|(_, age)| *age < max_age).map(|(identity, _)| identity)
    }

    /// Returns whether the credentials were rejected less than `max_age` ago.
    pub(super) fn rejected_within(&self, max_age: Duration) -> bool {
        self.incorrect.is_some_and(|age| age < max_age)
    }
}

impl fmt::Debug for PasswordCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordCache")
            .field("correct", &self.correct.len())
            .field("incorrect", &self.incorrect.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice(password: &str) -> BasicCredentials {
        BasicCredentials::new("alice", password)
    }

    fn with_alice(now: SystemTime) -> PasswordCache {
        let cache = PasswordCache::new();
        let outcome = cache.look_up(&alice("right"), b"hash", now);
        assert!(!outcome.is_recently_verified());
        cache.insert_correct(outcome, &Identity::assertion().subject("alice").build(), now);
        cache
    }

    #[test]
    fn exactly_the_verified_credentials_are_recently_verified_for_a_day() {
        let now = SystemTime::now();
        let cache = with_alice(now);
        let (second, day) = (Duration::from_secs(1), Duration::from_secs(86_400));
        let cases: [(&str, BasicCredentials, &[u8], SystemTime, bool); 8] = [
            ("the same", alice("right"), b"hash", now, true),
            ("a day later, almost", alice("right"), b"hash", now + day - second, true),
            ("a day later", alice("right"), b"hash", now + day, false),
            ("before it was verified", alice("right"), b"hash", now - second, false),
            ("another password", alice("wrong"), b"hash", now, false),
            ("another stored hash", alice("right"), b"other", now, false),
            ("another user", BasicCredentials::new("bob", "right"), b"hash", now, false),
            ("another split", BasicCredentials::new("alicer", "ight"), b"hash", now, false),
        ];
        for (name, credentials, stored_hash, at, expected) in cases {
            assert_eq!(
                cache.look_up(&credentials, stored_hash, at).is_recently_verified(),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn a_cached_identity_is_returned_up_to_the_maximum_age() {
        let (now, second) = (SystemTime::now(), Duration::from_secs(1));
        let cache = with_alice(now);
        let later = cache.look_up(&alice("right"), b"hash", now + 30 * second);
        assert!(later.verified_within(31 * second).is_some());
        assert!(later.verified_within(30 * second).is_none());
        let immediate = cache.look_up(&alice("right"), b"hash", now);
        assert!(immediate.verified_within(Duration::ZERO).is_none());
    }

    #[test]
    fn incorrect_credentials_are_cached_up_to_the_maximum_age_and_per_stored_hash() {
        let (now, second) = (SystemTime::now(), Duration::from_secs(1));
        let cache = PasswordCache::new();
        cache.insert_incorrect(cache.look_up(&alice("old"), b"hash", now), now);
        let rejected = |password, stored_hash: &[u8], at, max_age| {
            cache.look_up(&alice(password), stored_hash, at).rejected_within(max_age)
        };
        assert!(rejected("old", b"hash", now + 29 * second, 30 * second));
        assert!(!rejected("old", b"hash", now + 30 * second, 30 * second));
        assert!(!rejected("old", b"hash", now - second, 30 * second));
        assert!(!rejected("old", b"hash", now, Duration::ZERO));
        assert!(!rejected("old", b"other", now, 30 * second));
        assert!(!rejected("new", b"hash", now, 30 * second));
        cache.invalidate("alice");
        assert!(!rejected("old", b"hash", now, 30 * second));
    }

    #[test]
    fn rejected_and_invalidated_credentials_are_no_longer_recently_verified() {
        let now = SystemTime::now();
        let cache = with_alice(now);
        cache.insert_incorrect(cache.look_up(&alice("wrong"), b"hash", now), now);
        cache.invalidate("bob");
        assert!(cache.look_up(&alice("right"), b"hash", now).is_recently_verified());
        cache.insert_incorrect(cache.look_up(&alice("right"), b"hash", now), now);
        assert!(!cache.look_up(&alice("right"), b"hash", now).is_recently_verified());

        let cache = with_alice(now);
        cache.invalidate("alice");
        assert!(!cache.look_up(&alice("right"), b"hash", now).is_recently_verified());

        let identity = Identity::assertion().subject("user 7").build();
        for (user, expected) in [("user 8", true), ("user 7", false)] {
            cache.insert_correct(cache.look_up(&alice("right"), b"hash", now), &identity, now);
            cache.invalidate(user);
            let found = cache.look_up(&alice("right"), b"hash", now);
            assert_eq!(found.is_recently_verified(), expected, "{user}");
        }
    }

    #[test]
    fn a_check_that_runs_during_an_invalidation_is_not_cached() {
        let now = SystemTime::now();
        let cache = PasswordCache::new();
        let outcome = cache.look_up(&alice("right"), b"", now);
        cache.invalidate("alice");
        cache.insert_correct(outcome, &Identity::assertion().build(), now);
        assert!(!cache.look_up(&alice("right"), b"", now).is_recently_verified());

        let outcome = cache.look_up(&alice("wrong"), b"", now);
        cache.invalidate("alice");
        cache.insert_incorrect(outcome, now);
        assert!(!cache.look_up(&alice("wrong"), b"", now).rejected_within(MAX_AGE));
    }

    #[test]
    fn the_cache_never_exceeds_its_capacity() {
        let (cache, now) = (PasswordCache::with_capacity(100), SystemTime::now());
        let identity = Identity::assertion().build();
        for user in 0..1000 {
            let credentials = BasicCredentials::new(&user.to_string(), "");
            cache.insert_correct(cache.look_up(&credentials, b"", now), &identity, now);
            cache.insert_incorrect(cache.look_up(&credentials, b"other", now), now);
        }
        assert!(cache.correct.len() <= 100 && cache.incorrect.len() <= 100);
    }
}
