//! Credentials that were judged before.

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
    jose::crypto::{Digest, KeyedDigest},
};

/// How many of either are kept at the most.
const CAPACITY: usize = 10_000;

/// How long the owner of verified credentials is told from those who guess.
const KNOWN_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Credentials that were found right or wrong, as keyed digests: the passwords are not in here, and
/// without the key, which dies with the process, the digests say nothing of them.
///
/// Those that were right have a place of their own, so a stranger can neither fill it nor choose
/// what leaves it. Those that were wrong are kept since a client with an old password repeats it:
/// that is no guess, and must not cost what a guess does.
pub(super) struct KnownCredentials {
    digest: KeyedDigest,
    right: Cache<Digest, Arc<Right>>,
    wrong: Cache<Digest, SystemTime>,
    /// Counts invalidations, so that a check under way when one happens isn't remembered.
    epoch: AtomicU64,
}

struct Right {
    user_id: Box<str>,
    identity: Identity,
    verified_at: SystemTime,
}

/// Credentials in the light of those that are known.
pub(super) struct Candidate {
    digest: Digest,
    user_id: Box<str>,
    epoch: u64,
    right: Option<(Identity, Duration)>,
    wrong: Option<Duration>,
}

impl KnownCredentials {
    pub(super) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            digest: KeyedDigest::new(),
            right: Cache::new(capacity),
            wrong: Cache::new(capacity),
            epoch: AtomicU64::new(0),
        }
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
        // What comes from the future was judged before the clock was turned back: it has no age.
        let right = self.right.get(&digest).and_then(|right| {
            let age = now.duration_since(right.verified_at).ok()?;
            (age < KNOWN_FOR).then(|| (right.identity.clone(), age))
        });
        let wrong = self.wrong.get(&digest).and_then(|at| now.duration_since(at).ok());
        Candidate { digest, user_id: user_id.into(), epoch, right, wrong }
    }

    /// They have been found right now.
    pub(super) fn keep_right(&self, candidate: Candidate, identity: &Identity, now: SystemTime) {
        let Candidate { digest, user_id, epoch, .. } = candidate;
        let right = Right { user_id, identity: identity.clone(), verified_at: now };
        self.wrong.remove(&digest);
        self.right.insert(digest.clone(), Arc::new(right));
        self.forget_if_outdated(&digest, epoch);
    }

    /// They have been found wrong now.
    pub(super) fn keep_wrong(&self, candidate: Candidate, now: SystemTime) {
        let Candidate { digest, epoch, .. } = candidate;
        self.right.remove(&digest);
        self.wrong.insert(digest.clone(), now);
        self.forget_if_outdated(&digest, epoch);
    }

    /// Forgets what was found about this user, or about whom the user-id stood for.
    pub(super) fn invalidate(&self, user_id: &str) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.right.retain(|_, right| {
            *right.user_id != *user_id && right.identity.subject() != Some(user_id)
        });
        self.wrong.clear();
    }

    /// After the insertion: whichever comes second, this or the invalidation, removes it.
    fn forget_if_outdated(&self, digest: &Digest, epoch: u64) {
        if self.epoch.load(Ordering::Acquire) != epoch {
            self.right.remove(digest);
            self.wrong.remove(digest);
        }
    }
}

impl Candidate {
    pub(super) fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Whether they were right within the last day.
    pub(super) fn is_known(&self) -> bool {
        self.right.is_some()
    }

    /// Who it is, if that was found less than `at_most` ago.
    pub(super) fn verified_within(&self, at_most: Duration) -> Option<&Identity> {
        self.right.as_ref().filter(|(_, age)| *age < at_most).map(|(identity, _)| identity)
    }

    /// Whether they were found wrong less than `at_most` ago.
    pub(super) fn refused_within(&self, at_most: Duration) -> bool {
        self.wrong.is_some_and(|age| age < at_most)
    }
}

impl fmt::Debug for KnownCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownCredentials")
            .field("right", &self.right.len())
            .field("wrong", &self.wrong.len())
            .finish_non_exhaustive()
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
        known.keep_right(candidate, &Identity::assertion().subject("alice").build(), now);
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
    fn what_was_wrong_is_wrong_only_so_long_and_only_by_what_was_on_file() {
        let (now, second) = (SystemTime::now(), Duration::from_secs(1));
        let known = KnownCredentials::new();
        known.keep_wrong(known.look_up(&alice("old"), b"hash", now), now);
        let refused = |password, on_file: &[u8], at, at_most| {
            known.look_up(&alice(password), on_file, at).refused_within(at_most)
        };
        assert!(refused("old", b"hash", now + 29 * second, 30 * second));
        assert!(!refused("old", b"hash", now + 30 * second, 30 * second));
        assert!(!refused("old", b"hash", now - second, 30 * second));
        assert!(!refused("old", b"hash", now, Duration::ZERO));
        assert!(!refused("old", b"other", now, 30 * second));
        assert!(!refused("new", b"hash", now, 30 * second));
        known.invalidate("alice");
        assert!(!refused("old", b"hash", now, 30 * second));
    }

    #[test]
    fn what_was_refused_or_invalidated_is_known_no_more() {
        let now = SystemTime::now();
        let known = knowing_alice(now);
        known.keep_wrong(known.look_up(&alice("wrong"), b"hash", now), now);
        known.invalidate("bob");
        assert!(known.look_up(&alice("right"), b"hash", now).is_known());
        known.keep_wrong(known.look_up(&alice("right"), b"hash", now), now);
        assert!(!known.look_up(&alice("right"), b"hash", now).is_known());

        let known = knowing_alice(now);
        known.invalidate("alice");
        assert!(!known.look_up(&alice("right"), b"hash", now).is_known());

        let identity = Identity::assertion().subject("user 7").build();
        for (subject, is_known) in [("user 8", true), ("user 7", false)] {
            known.keep_right(known.look_up(&alice("right"), b"hash", now), &identity, now);
            known.invalidate(subject);
            let found = known.look_up(&alice("right"), b"hash", now);
            assert_eq!(found.is_known(), is_known, "{subject}");
        }
    }

    #[test]
    fn a_check_under_way_during_an_invalidation_is_not_remembered() {
        let now = SystemTime::now();
        let known = KnownCredentials::new();
        let candidate = known.look_up(&alice("right"), b"", now);
        known.invalidate("alice");
        known.keep_right(candidate, &Identity::assertion().build(), now);
        assert!(!known.look_up(&alice("right"), b"", now).is_known());

        let candidate = known.look_up(&alice("wrong"), b"", now);
        known.invalidate("alice");
        known.keep_wrong(candidate, now);
        assert!(!known.look_up(&alice("wrong"), b"", now).refused_within(KNOWN_FOR));
    }

    #[test]
    fn it_holds_only_so_many() {
        let (known, now) = (KnownCredentials::with_capacity(100), SystemTime::now());
        let identity = Identity::assertion().build();
        for user in 0..1000 {
            let credentials = BasicCredentials::new(&user.to_string(), "");
            known.keep_right(known.look_up(&credentials, b"", now), &identity, now);
            known.keep_wrong(known.look_up(&credentials, b"other", now), now);
        }
        assert!(known.right.len() <= 100 && known.wrong.len() <= 100);
    }
}
