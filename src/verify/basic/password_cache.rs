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

use super::known_passwords::{self, CAPACITY, KnownPassword, KnownPasswordsError};
use crate::{
    BasicCredentials, Identity, Secret,
    digest::{Digest, KeyedDigest},
};

/// How long verified credentials count as recently verified, which exempts them from the guess limit. No
/// cached outcome is used for longer.
pub(super) const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// A cache of the outcomes of password checks, indexed by a keyed digest of the credentials.
///
/// The cache contains no passwords, and its digests can't be tested against guesses without their key.
/// The key is random, unless the service provides one to export verified credentials.
///
/// Correct and incorrect credentials are cached separately, so that an attacker can neither fill the
/// cache of correct credentials nor evict an entry from it. Incorrect credentials are cached because
/// a client with an outdated password keeps sending it, which isn't a guess and must not count as
/// one.
pub(super) struct PasswordCache {
    digests: KeyedDigest,
    is_exportable: bool,
    correct: Cache<Digest, Arc<Entry>>,
    incorrect: Cache<Digest, Incorrect>,
    /// Counts invalidations, so that a check that was running during one isn't cached.
    epoch: AtomicU64,
}

/// Credentials whose password was correct.
struct Entry {
    known: KnownPassword,
    /// `None` if another process verified the credentials.
    identity: Option<Identity>,
}

/// Credentials whose password was incorrect.
#[derive(Clone, Copy)]
struct Incorrect {
    stored_hash: Digest,
    checked_at: SystemTime,
}

/// The cached outcomes for some credentials, before they are compared with the stored hash.
pub(super) struct Candidate {
    credentials: Digest,
    user: Digest,
    epoch: u64,
    correct: Option<(Arc<Entry>, Duration)>,
    incorrect: Option<(Incorrect, Duration)>,
}

/// The outcome of a check against the stored hash, and the key under which a new outcome is cached.
pub(super) struct CachedOutcome {
    credentials: Digest,
    user: Digest,
    stored_hash: Digest,
    epoch: u64,
    /// The entry and its age, if the password was correct.
    correct: Option<(Arc<Entry>, Duration)>,
    /// The age of the entry, if the password was incorrect.
    incorrect: Option<Duration>,
}

impl PasswordCache {
    /// Creates a cache. With a key, verified credentials can be exported and imported.
    pub(super) fn new(key: Option<&Secret>) -> Self {
        Self::with_capacity(CAPACITY, key)
    }

    fn with_capacity(capacity: usize, key: Option<&Secret>) -> Self {
        Self {
            digests: key.map_or_else(KeyedDigest::new, |key| KeyedDigest::with_key(key.expose())),
            is_exportable: key.is_some(),
            correct: Cache::new(capacity),
            incorrect: Cache::new(capacity),
            epoch: AtomicU64::new(0),
        }
    }

    /// Looks up earlier checks of `credentials`. Whether their outcome still applies depends on the
    /// stored hash: see [`confirm`](Self::confirm).
    pub(super) fn look_up(&self, credentials: &BasicCredentials, now: SystemTime) -> Candidate {
        // Read before the look-up, so that `remove_if_invalidated` notices an invalidation after it.
        let epoch = self.epoch.load(Ordering::Acquire);
        let (user_id, password) = (credentials.user_id(), credentials.password());
        let digest = self.digests.of(&[b"credentials", user_id.as_bytes(), password.as_bytes()]);
        // An entry from the future was inserted before the clock was set back, so its age is
        // unknown.
        let correct = self.correct.get(&digest).and_then(|entry| {
            let age = now.duration_since(entry.known.verified_at).ok()?;
            (age < MAX_AGE).then_some((entry, age))
        });
        let incorrect = self.incorrect.get(&digest).and_then(|incorrect| {
            Some((incorrect, now.duration_since(incorrect.checked_at).ok()?))
        });
        let user = self.user(user_id);
        Candidate { credentials: digest, user, epoch, correct, incorrect }
    }

    /// Returns the outcome of an earlier check against `stored_hash`. An outcome for a different hash is
    /// ignored.
    pub(super) fn confirm(&self, candidate: Candidate, stored_hash: &[u8]) -> CachedOutcome {
        let Candidate { credentials, user, epoch, correct, incorrect } = candidate;
        let stored_hash = self.digests.of(&[b"hash", stored_hash]);
        let correct = correct.filter(|(entry, _)| entry.known.stored_hash == stored_hash);
        let incorrect = incorrect
            .filter(|(incorrect, _)| incorrect.stored_hash == stored_hash)
            .map(|(_, age)| age);
        CachedOutcome { credentials, user, stored_hash, epoch, correct, incorrect }
    }

    /// Caches that the credentials of `outcome` are correct.
    pub(super) fn insert_correct(
        &self,
        outcome: &CachedOutcome,
        identity: &Identity,
        now: SystemTime,
    ) {
        let &CachedOutcome { credentials, user, stored_hash, epoch, .. } = outcome;
        let subject = identity.subject().map(|subject| self.user(subject));
        let known = KnownPassword { credentials, user, subject, stored_hash, verified_at: now };
        let entry = Entry { known, identity: Some(identity.clone()) };
        self.incorrect.remove(&credentials);
        self.correct.insert(credentials, Arc::new(entry));
        self.remove_if_invalidated(&credentials, epoch);
    }

    /// Caches that the credentials of `outcome` are incorrect.
    pub(super) fn insert_incorrect(&self, outcome: &CachedOutcome, now: SystemTime) {
        let &CachedOutcome { credentials, stored_hash, epoch, .. } = outcome;
        self.correct.remove(&credentials);
        self.incorrect.insert(credentials, Incorrect { stored_hash, checked_at: now });
        self.remove_if_invalidated(&credentials, epoch);
    }

    /// Removes the outcomes for a user, identified by user-id or by the subject of the identity.
    pub(super) fn invalidate(&self, user: &str) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        let user = self.user(user);
        self.correct
            .retain(|_, entry| entry.known.user != user && entry.known.subject != Some(user));
        // Incorrect credentials don't name a user, so all of them are removed.
        self.incorrect.clear();
    }

    /// Returns the recently verified credentials as bytes.
    pub(super) fn export(&self, now: SystemTime) -> Result<Vec<u8>, KnownPasswordsError> {
        self.exportable()?;
        let known =
            self.correct.iter().map(|(_, entry)| entry.known).filter(|known| {
                now.duration_since(known.verified_at).is_ok_and(|age| age < MAX_AGE)
            });
        Ok(known_passwords::encode(known, &self.digests))
    }

    /// Adds credentials that another process verified, and returns how many.
    pub(super) fn import(
        &self,
        exported: &[u8],
        now: SystemTime,
    ) -> Result<usize, KnownPasswordsError> {
        self.exportable()?;
        let mut count = 0_usize;
        for mut known in known_passwords::decode(exported, &self.digests)? {
            // The clock of the other process may be ahead.
            known.verified_at = known.verified_at.min(now);
            let is_recent = now.duration_since(known.verified_at).is_ok_and(|age| age < MAX_AGE);
            let is_newer = self
                .correct
                .peek(&known.credentials)
                .is_none_or(|entry| entry.known.verified_at < known.verified_at);
            if is_recent && is_newer {
                let entry = Arc::new(Entry { known, identity: None });
                self.correct.insert(known.credentials, entry);
                count = count.saturating_add(1);
            }
        }
        Ok(count)
    }

    fn exportable(&self) -> Result<(), KnownPasswordsError> {
        if self.is_exportable { Ok(()) } else { Err(KnownPasswordsError::NoKey) }
    }

    fn user(&self, user: &str) -> Digest {
        self.digests.of(&[b"user", user.as_bytes()])
    }

    /// Must be called after each insertion. If an invalidation changed the epoch between the look-up and
    /// the insertion, the entry is removed here. An invalidation that changes it later removes the entry
    /// itself.
    fn remove_if_invalidated(&self, credentials: &Digest, epoch: u64) {
        if self.epoch.load(Ordering::Acquire) != epoch {
            self.correct.remove(credentials);
            self.incorrect.remove(credentials);
        }
    }
}

impl Candidate {
    /// Returns whether there may be an outcome, depending on the stored hash: the credentials were verified
    /// within 24 hours, or rejected less than `max_age` ago.
    pub(super) fn is_known(&self, max_age: Duration) -> bool {
        self.correct.is_some() || self.incorrect.is_some_and(|(_, age)| age < max_age)
    }
}

impl CachedOutcome {
    /// Returns whether the credentials were correct within the last 24 hours.
    pub(super) fn is_recently_verified(&self) -> bool {
        self.correct.is_some()
    }

    /// Returns the identity if the credentials were verified less than `max_age` ago.
    pub(super) fn verified_within(&self, max_age: Duration) -> Option<&Identity> {
        let (entry, age) = self.correct.as_ref()?;
        entry.identity.as_ref().filter(|_| *age < max_age)
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

    const KEY: &[u8] = &[7; 32];

    fn alice(password: &str) -> BasicCredentials {
        BasicCredentials::new("alice", password)
    }

    fn identity() -> Identity {
        Identity::assertion().subject("alice").build()
    }

    fn look_up(
        cache: &PasswordCache,
        credentials: &BasicCredentials,
        stored_hash: &[u8],
        now: SystemTime,
    ) -> CachedOutcome {
        cache.confirm(cache.look_up(credentials, now), stored_hash)
    }

    fn with_alice(now: SystemTime) -> PasswordCache {
        let cache = PasswordCache::new(Some(&Secret::from(KEY)));
        let outcome = look_up(&cache, &alice("right"), b"hash", now);
        assert!(!outcome.is_recently_verified());
        cache.insert_correct(&outcome, &identity(), now);
        cache
    }

    #[test]
    fn only_verified_credentials_are_recently_verified_for_a_day() {
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
            let outcome = look_up(&cache, &credentials, stored_hash, at);
            assert_eq!(outcome.is_recently_verified(), expected, "{name}");
        }
    }

    #[test]
    fn a_cached_identity_is_returned_up_to_the_maximum_age() {
        let (now, second) = (SystemTime::now(), Duration::from_secs(1));
        let cache = with_alice(now);
        let later = look_up(&cache, &alice("right"), b"hash", now + 30 * second);
        assert!(later.verified_within(31 * second).is_some());
        assert!(later.verified_within(30 * second).is_none());
        let immediate = look_up(&cache, &alice("right"), b"hash", now);
        assert!(immediate.verified_within(Duration::ZERO).is_none());
    }

    #[test]
    fn incorrect_credentials_are_cached_per_stored_hash_and_expire() {
        let (now, second) = (SystemTime::now(), Duration::from_secs(1));
        let cache = PasswordCache::new(None);
        cache.insert_incorrect(&look_up(&cache, &alice("old"), b"hash", now), now);
        let rejected = |password, stored_hash: &[u8], at, max_age| {
            look_up(&cache, &alice(password), stored_hash, at).rejected_within(max_age)
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
    fn credentials_are_known_whatever_the_stored_hash_is() {
        let (now, second) = (SystemTime::now(), Duration::from_secs(1));
        let cache = with_alice(now);
        cache.insert_incorrect(&look_up(&cache, &alice("old"), b"hash", now), now);
        for (password, age, known) in [
            ("right", Duration::ZERO, true),
            ("old", second, true),
            ("old", Duration::ZERO, false),
            ("new", second, false),
        ] {
            assert_eq!(cache.look_up(&alice(password), now).is_known(age), known, "{password}");
        }
    }

    #[test]
    fn a_rejection_or_an_invalidation_ends_recently_verified() {
        let now = SystemTime::now();
        let cache = with_alice(now);
        let is_verified = |cache: &PasswordCache| {
            look_up(cache, &alice("right"), b"hash", now).is_recently_verified()
        };
        cache.insert_incorrect(&look_up(&cache, &alice("wrong"), b"hash", now), now);
        cache.invalidate("bob");
        assert!(is_verified(&cache));
        cache.insert_incorrect(&look_up(&cache, &alice("right"), b"hash", now), now);
        assert!(!is_verified(&cache));

        let cache = with_alice(now);
        cache.invalidate("alice");
        assert!(!is_verified(&cache));

        let identity = Identity::assertion().subject("user 7").build();
        for (user, expected) in [("user 8", true), ("user 7", false)] {
            let outcome = look_up(&cache, &alice("right"), b"hash", now);
            cache.insert_correct(&outcome, &identity, now);
            cache.invalidate(user);
            assert_eq!(is_verified(&cache), expected, "{user}");
        }
    }

    #[test]
    fn a_check_that_runs_during_an_invalidation_is_not_cached() {
        let now = SystemTime::now();
        let cache = PasswordCache::new(None);
        let outcome = look_up(&cache, &alice("right"), b"", now);
        cache.invalidate("alice");
        cache.insert_correct(&outcome, &Identity::assertion().build(), now);
        assert!(!look_up(&cache, &alice("right"), b"", now).is_recently_verified());

        let outcome = look_up(&cache, &alice("wrong"), b"", now);
        cache.invalidate("alice");
        cache.insert_incorrect(&outcome, now);
        assert!(!look_up(&cache, &alice("wrong"), b"", now).rejected_within(MAX_AGE));
    }

    #[test]
    fn the_cache_never_exceeds_its_capacity() {
        let cache = PasswordCache::with_capacity(100, None);
        let now = SystemTime::now();
        let identity = Identity::assertion().build();
        for user in 0..1000 {
            let credentials = BasicCredentials::new(&user.to_string(), "");
            cache.insert_correct(&look_up(&cache, &credentials, b"", now), &identity, now);
            let other = BasicCredentials::new(&user.to_string(), "other");
            cache.insert_incorrect(&look_up(&cache, &other, b"", now), now);
        }
        assert!(cache.correct.len() <= 100 && cache.incorrect.len() <= 100);
    }

    #[test]
    fn imported_credentials_are_recently_verified_and_still_checked() {
        let (now, day) = (SystemTime::now(), Duration::from_secs(86_400));
        let exported = with_alice(now).export(now).unwrap();
        let cache = PasswordCache::new(Some(&Secret::from(KEY)));
        assert_eq!(cache.import(&exported, now + day / 2).unwrap(), 1);
        assert_eq!(cache.import(&exported, now + day / 2).unwrap(), 0);
        let outcome = look_up(&cache, &alice("right"), b"hash", now + day / 2);
        assert!(outcome.is_recently_verified());
        assert!(outcome.verified_within(MAX_AGE).is_none());
        assert!(!look_up(&cache, &alice("right"), b"hash", now + day).is_recently_verified());
        assert!(!look_up(&cache, &alice("right"), b"other", now).is_recently_verified());
        assert!(!look_up(&cache, &alice("wrong"), b"hash", now).is_recently_verified());
        cache.invalidate("alice");
        assert!(!look_up(&cache, &alice("right"), b"hash", now).is_recently_verified());
    }

    #[test]
    fn an_export_never_extends_the_time_of_an_entry() {
        let (now, hour) = (SystemTime::now(), Duration::from_secs(3600));
        let cache = with_alice(now);
        let exported = cache.export(now).unwrap();
        // Too old.
        let other = PasswordCache::new(Some(&Secret::from(KEY)));
        assert_eq!(other.import(&exported, now + 24 * hour).unwrap(), 0);
        assert_eq!(cache.export(now + 24 * hour).unwrap().len(), other.export(now).unwrap().len());
        // From a clock that is ahead by an hour.
        assert_eq!(other.import(&exported, now - hour).unwrap(), 1);
        let at = |time| look_up(&other, &alice("right"), b"hash", time).is_recently_verified();
        assert!(at(now + 22 * hour) && !at(now + 23 * hour));
        // A newer entry is kept, with its identity.
        assert_eq!(cache.import(&exported, now).unwrap(), 0);
        let outcome = look_up(&cache, &alice("right"), b"hash", now);
        assert!(outcome.verified_within(hour).is_some());
    }

    #[test]
    fn without_a_key_nothing_is_exported_or_imported() {
        let now = SystemTime::now();
        let exported = with_alice(now).export(now).unwrap();
        let cache = PasswordCache::new(None);
        assert_eq!(cache.export(now), Err(KnownPasswordsError::NoKey));
        assert_eq!(cache.import(&exported, now), Err(KnownPasswordsError::NoKey));
    }
}
