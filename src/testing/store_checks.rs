//! Tests that every store for shared state has to pass.

#[cfg(feature = "shared-revocations")]
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(feature = "shared-revocations")]
use tokio::time::{Instant, timeout};

#[cfg(all(feature = "dpop", feature = "_jwt"))]
use crate::verify::binding::{ReplayKey, ReplayStore};
#[cfg(feature = "shared-revocations")]
use crate::verify::{FeedEvent, RevocationFeed, RevocationStore, SharedRevocation};

/// The timeout of each operation of a store.
#[cfg(feature = "shared-revocations")]
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Tests an implementation of [`RevocationStore`]. `one` and `other` are the stores of two replicas, which
/// share their revocations.
///
/// This adds about 2,000 revocations that expire within an hour. Existing revocations don't affect
/// the test.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use portcullis::testing::{MemoryRevocationStore, check_revocation_store};
///
/// let store = MemoryRevocationStore::new();
/// check_revocation_store(&store, &store.clone()).await;
/// # }
/// ```
///
/// # Panics
///
/// Panics if the store violates a requirement of [`RevocationStore`].
#[cfg(feature = "shared-revocations")]
pub async fn check_revocation_store(one: &dyn RevocationStore, other: &dyn RevocationStore) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    // Uses different keys in each run.
    let make = |key: u32, expires_in: u64, issued_before: u32| {
        let expires_at = u32::try_from(now.as_secs() + expires_in).expect("a time before 2106");
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&u64::try_from(now.as_nanos()).unwrap_or(0).to_be_bytes());
        bytes[12..16].copy_from_slice(&key.to_be_bytes());
        bytes[16..20].copy_from_slice(&expires_at.to_be_bytes());
        bytes[20..].copy_from_slice(&issued_before.to_be_bytes());
        SharedRevocation::from_bytes(bytes)
    };

    let mut early = other.feed();
    until_current(&mut *early, "a new feed").await;
    let first = make(1, 3600, u32::MAX);
    publish(one, vec![first]).await;
    deliver(&mut *early, &[first], "a feed that was opened before a revocation").await;
    deliver(&mut *other.feed(), &[first], "a feed that was opened after a revocation").await;
    deliver(&mut *one.feed(), &[first], "a feed of the replica that revoked").await;

    // An earlier time never replaces a later one.
    publish(one, vec![make(2, 3600, 100)]).await;
    publish(other, vec![make(2, 1800, 200)]).await;
    deliver(&mut *one.feed(), &[make(2, 3600, 200)], "a revocation with two times").await;

    // Dropped futures must not lose anything.
    for key in 3..20 {
        let revocation = make(key, 3600, u32::MAX);
        drop(timeout(Duration::from_millis(1), early.next()).await);
        publish(one, vec![revocation]).await;
        drop(timeout(Duration::from_millis(1), early.next()).await);
    }
    let all: Vec<_> = (3..20).map(|key| make(key, 3600, u32::MAX)).collect();
    deliver(&mut *other.feed(), &all, "a feed after many revocations").await;

    // Publishing the same twice has no effect, and a large batch arrives completely.
    let many: Vec<_> = (100..2100).map(|key| make(key, 3600, u32::MAX)).collect();
    publish(one, many.clone()).await;
    publish(other, many.clone()).await;
    deliver(&mut *early, &many, "a feed that was read while futures were dropped").await;
    deliver(&mut *other.feed(), &many, "a new feed after a large batch").await;
}

#[cfg(feature = "shared-revocations")]
async fn publish(store: &dyn RevocationStore, revocations: Vec<SharedRevocation>) {
    let published = timeout(TIME_LIMIT, store.publish(revocations)).await;
    published.expect("publishing takes too long").expect("revocations are published");
}

#[cfg(feature = "shared-revocations")]
async fn until_current(feed: &mut dyn RevocationFeed, what: &str) {
    let deadline = Instant::now() + TIME_LIMIT;
    while next(feed, what).await != FeedEvent::Current {
        assert!(Instant::now() < deadline, "{what} is never current");
    }
}

/// Reads until the feed has delivered these revocations, or combinations that revoke as much.
#[cfg(feature = "shared-revocations")]
async fn deliver(feed: &mut dyn RevocationFeed, expected: &[SharedRevocation], what: &str) {
    let mut missing: std::collections::HashMap<_, _> =
        expected.iter().map(|revocation| (revocation.key(), (*revocation, None))).collect();
    let deadline = Instant::now() + TIME_LIMIT;
    while !missing.is_empty() {
        assert!(Instant::now() < deadline, "{what} doesn't deliver {} revocations", missing.len());
        let FeedEvent::Revoked(revocations) = next(feed, what).await else { continue };
        for revocation in revocations {
            let Some((wanted, seen)) = missing.get_mut(&revocation.key()) else { continue };
            let all = seen.map_or(revocation, |seen: SharedRevocation| seen.merge(revocation));
            *seen = Some(all);
            if all.merge(*wanted) == all {
                missing.remove(&revocation.key());
            }
        }
    }
}

#[cfg(feature = "shared-revocations")]
async fn next(feed: &mut dyn RevocationFeed, what: &str) -> FeedEvent {
    let event = timeout(TIME_LIMIT, feed.next()).await;
    event.unwrap_or_else(|_| panic!("{what} is silent")).expect("the feed works")
}

/// Tests an implementation of [`ReplayStore`]. `one` and `other` are the stores of two replicas.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::sync::Arc;
///
/// use portcullis::{binding::MemoryReplayStore, testing::check_replay_store};
///
/// let store = Arc::new(MemoryReplayStore::new());
/// check_replay_store(&*store, &*store).await;
/// # }
/// ```
///
/// # Panics
///
/// Panics if the store accepts a proof twice, or rejects a new one.
#[cfg(all(feature = "dpop", feature = "_jwt"))]
pub async fn check_replay_store(one: &dyn ReplayStore, other: &dyn ReplayStore) {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    let now = SystemTime::now();
    let nanos = now.duration_since(UNIX_EPOCH).expect("a time after 1970").as_nanos();
    let key = |number: u8| {
        let mut digest = [number; 32];
        digest[..16].copy_from_slice(&nanos.to_be_bytes());
        // The first bytes differ, like those of digests.
        digest[0] = number;
        ReplayKey::from(digest)
    };
    let expires_at = now + Duration::from_secs(60);
    for number in 0..20 {
        // Both at the same time.
        let (first, second) =
            (one.insert(key(number), expires_at), other.insert(key(number), expires_at));
        let (first, second) = tokio::join!(first.wait(), second.wait());
        let accepted = [first, second].map(|outcome| outcome.expect("the store works"));
        assert_eq!(accepted.iter().filter(|it| **it).count(), 1, "a proof is accepted once");
        for store in [one, other] {
            let accepted = store.insert(key(number), expires_at).wait().await;
            assert!(!accepted.expect("the store works"), "a proof is accepted again");
        }
    }
}
