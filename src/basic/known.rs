//! Credentials that were verified before.

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
    crypto::{Digest, KeyedDigest},
};

/// How many are kept at the most.
const CAPACITY: usize = 10_000;

/// How long the owner of verified credentials is told from those who guess.
const KNOWN_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Credentials that were found good, as keyed digests: the passwords are not in here, and without
/// the key, which dies with the process, the digests say nothing of them.
///
/// Only what was verified enters, so a stranger can neither fill it nor choose what leaves it.
pub(super) struct KnownCredentials {
    digest: KeyedDigest,
    entries: Cache<Digest, Arc<Entry>>,
    /// Counts invalidations, so that a check under way when one happens isn't remembered.
    epoch: AtomicU64,
}

struct Entry {
    user_id: Box<str>,
    identity: Identity,
    verified_at: SystemTime,
}

/// Credentials in the light of those that are known.
pub(super) struct Candidate {
    digest: Digest,
    user_id: Box<str>,
    epoch: u64,
    known: Option<(Identity, Duration)>,
}

impl KnownCredentials {
    pub(super) fn new() -> Self {
        Self { digest: KeyedDigest::new(), entries: Cache::new(CAPACITY), epoch: AtomicU64::new(0) }
    }

    /// Looks up `credentials`, as judged by what is `on_file`: once that has changed, they are
    /// unknown.
    pub(super) fn look_up(
        &self,
        credentials: &BasicCredentials,
        on_file: &[u8],
        now: SystemTime,
    ) -> Candidate {
        // Before the look-up, so that an invalidation after it is seen.
        let epoch = self.epoch.load(Ordering::Acquire);
        let (user_id, password) = (credentials.user_id(), credentials.password());
        let digest = self.digest.of(&[user_id.as_bytes(), password.as_bytes(), on_file]);
        let known = self.entries.get(&digest).and_then(|entry| {
            // One from the future was made before the clock was turned back.
            let age = now.duration_since(entry.verified_at).ok()?;
            (age < KNOWN_FOR).then(|| (entry.identity.clone(), age))
        });
        Candidate { digest, user_id: user_id.into(), epoch, known }
    }

    pub(super) fn keep(&self, candidate: Candidate, identity: &Identity, now: SystemTime) {
        let entry = Entry {
            user_id: candidate.user_id.clone(),
            identity: identity.clone(),
            verified_at: now,
        };
        self.entries.insert(candidate.digest.clone(), Arc::new(entry));
        // After the insertion: whichever comes second, this or the invalidation, removes it.
        if self.epoch.load(Ordering::Acquire) != candidate.epoch {
            self.forget(&candidate);
        }
    }

    /// They have been refused now.
    pub(super) fn forget(&self, candidate: &Candidate) {
        self.entries.remove(&candidate.digest);
    }

    pub(super) fn invalidate(&self, user_id: &str) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.entries.retain(|_, entry| *entry.user_id != *user_id);
    }
}

impl Candidate {
    pub(super) fn user_id(&self) -> &str {
        &self.user_id
    }

    pub(super) fn is_known(&self) -> bool {
        self.known.is_some()
    }

    /// Who it is, if that was found less than `at_most` ago.
    pub(super) fn verified_within(&self, at_most: Duration) -> Option<&Identity> {
        self.known.as_ref().filter(|(_, age)| *age < at_most).map(|(identity, _)| identity)
    }
}

impl fmt::Debug for KnownCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownCredentials").field("len", &self.entries.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice(password: &str) -> BasicCredentials {
        BasicCredentials::new("alice", password)
    }

    fn knowing_alice(now: SystemTime) -> KnownCredentials {
        let known = KnownCredentials::new();
        let candidate = known.look_up(&alice("right"), b"hash", now);
        assert!(!candidate.is_known());
        known.keep(candidate, &Identity::assertion().subject("alice").build(), now);
        known
    }

    #[test]
    fn what_was_verified_is_known_for_a_day_and_nothing_else_is() {
        let now = SystemTime::now();
        let known = knowing_alice(now);
        let (second, day) = (Duration::from_secs(1), Duration::from_secs(86_400));
        let cases: [(&str, BasicCredentials, &[u8], SystemTime, bool); 8] = [
            ("the same", alice("right"), b"hash", now, true),
            ("a day later, almost", alice("right"), b"hash", now + day - second, true),
            ("a day later", alice("right"), b"hash", now + day, false),
            ("before it was verified", alice("right"), b"hash", now - second, false),
            ("another password", alice("wrong"), b"hash", now, false),
            ("another hash on file", alice("right"), b"other", now, false),
            ("another user", BasicCredentials::new("bob", "right"), b"hash", now, false),
            ("another border", BasicCredentials::new("alicer", "ight"), b"hash", now, false),
        ];
        for (name, credentials, on_file, at, expected) in cases {
            assert_eq!(known.look_up(&credentials, on_file, at).is_known(), expected, "{name}");
        }
    }

    #[test]
    fn it_stands_for_the_check_only_so_long() {
        let (now, second) = (SystemTime::now(), Duration::from_secs(1));
        let known = knowing_alice(now);
        let later = known.look_up(&alice("right"), b"hash", now + 30 * second);
        assert!(later.verified_within(31 * second).is_some());
        assert!(later.verified_within(30 * second).is_none());
        let at_once = known.look_up(&alice("right"), b"hash", now);
        assert!(at_once.verified_within(Duration::ZERO).is_none());
    }

    #[test]
    fn what_was_refused_or_invalidated_is_known_no_more() {
        let now = SystemTime::now();
        let known = knowing_alice(now);
        known.forget(&known.look_up(&alice("wrong"), b"hash", now));
        known.invalidate("bob");
        assert!(known.look_up(&alice("right"), b"hash", now).is_known());
        known.forget(&known.look_up(&alice("right"), b"hash", now));
        assert!(!known.look_up(&alice("right"), b"hash", now).is_known());

        let known = knowing_alice(now);
        known.invalidate("alice");
        assert!(!known.look_up(&alice("right"), b"hash", now).is_known());
    }

    #[test]
    fn a_check_under_way_during_an_invalidation_is_not_remembered() {
        let now = SystemTime::now();
        let known = KnownCredentials::new();
        let candidate = known.look_up(&alice("right"), b"", now);
        known.invalidate("alice");
        known.keep(candidate, &Identity::assertion().build(), now);
        assert!(!known.look_up(&alice("right"), b"", now).is_known());
    }

    #[test]
    fn it_holds_only_so_many() {
        let (known, now) = (KnownCredentials::new(), SystemTime::now());
        let identity = Identity::assertion().build();
        for user in 0..CAPACITY * 2 {
            let credentials = BasicCredentials::new(&user.to_string(), "");
            known.keep(known.look_up(&credentials, b"", now), &identity, now);
        }
        assert!(known.entries.len() <= CAPACITY);
    }
}
