//! The revocation list, in one process and shared.

use std::{
    fmt,
    sync::{Arc, Mutex},
    thread,
};

use portcullis::{
    Error, Issuers,
    error::TokenFault,
    verify::{
        FeedEvent, OutagePolicy, Revocation, RevocationFeed, RevocationStore, Revocations,
        SharedRevocation, StoreFuture,
    },
};
use shuttle::future::block_on;
use tokio::sync::watch;

use crate::support::{
    Accepted, KEYS, ModelClock, Rejected, Unavailable, check, join, request, spawn_request,
    verifier_with_one_key, while_time_passes,
};

const REVOKED: crate::support::Outcome = Rejected(TokenFault::Revoked);

fn list() -> Revocations {
    Revocations::builder().clock(ModelClock).build().unwrap()
}

#[test]
fn a_revoked_token_is_rejected_from_the_next_request_on() {
    fn scenario() {
        let revocations = list();
        let verifier = verifier_with_one_key(&revocations);
        assert_eq!(request(&verifier, KEYS[0].token), Accepted);
        let racing = spawn_request(&verifier, KEYS[0].token);
        block_on(revocations.revoke(&Revocation::token(KEYS[0].token))).unwrap();
        assert_eq!(request(&verifier, KEYS[0].token), REVOKED);
        let outcome = join(racing);
        assert!([Accepted, REVOKED].contains(&outcome), "{outcome:?}");
        assert_eq!(request(&verifier, KEYS[0].token), REVOKED);
        assert_eq!(request(&verifier, KEYS[0].other_token), Accepted);
    }
    check(scenario);
}

#[test]
fn a_revocation_in_either_of_two_lists_takes_effect() {
    check(|| {
        let (one, other) = (list(), list());
        let issuers = Issuers::builder()
            .trust(verifier_with_one_key(&one))
            .revocations(other.clone())
            .clock(ModelClock)
            .build()
            .unwrap();
        assert_eq!(request(&issuers, KEYS[0].token), Accepted);
        let elsewhere = thread::spawn(move || {
            drop(one.revoke(&Revocation::subject("carol")));
        });
        let racing = spawn_request(&issuers, KEYS[0].token);
        block_on(other.revoke(&Revocation::token(KEYS[0].token))).unwrap();
        assert_eq!(request(&issuers, KEYS[0].token), REVOKED);
        join(elsewhere);
        let outcome = join(racing);
        assert!([Accepted, REVOKED].contains(&outcome), "{outcome:?}");
        assert_eq!(request(&issuers, KEYS[0].token), REVOKED);
        assert_eq!(request(&issuers, KEYS[0].other_token), Accepted);
    });
}

/// A store of two replicas. The feed of one of them can be broken, and the store unreachable for writing.
#[derive(Clone)]
struct Store(Arc<State>);

struct State {
    revocations: watch::Sender<Vec<SharedRevocation>>,
    /// Whether the feed with an interruption is interrupted.
    interrupted: watch::Sender<bool>,
    /// Whether the replica knows of the interruption.
    noticed: watch::Sender<bool>,
    failing_writes: Mutex<usize>,
}

/// The store, as one replica sees it.
#[derive(Clone)]
struct View {
    store: Store,
    is_interruptible: bool,
}

struct Feed {
    view: View,
    position: usize,
    has_failed: bool,
}

impl Store {
    fn new() -> Self {
        Self(Arc::new(State {
            revocations: watch::channel(Vec::new()).0,
            interrupted: watch::channel(false).0,
            noticed: watch::channel(false).0,
            failing_writes: Mutex::new(0),
        }))
    }

    fn replica(&self, is_interruptible: bool, outage: OutagePolicy) -> Revocations {
        let view = View { store: self.clone(), is_interruptible };
        Revocations::builder().clock(ModelClock).shared(view).outage(outage).build().unwrap()
    }

    fn len(&self) -> usize {
        let revocations = self.0.revocations.borrow();
        let mut keys: Vec<_> = revocations.iter().map(SharedRevocation::key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.len()
    }
}

impl RevocationStore for View {
    fn publish(&self, revocations: Vec<SharedRevocation>) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            shuttle::future::yield_now().await;
            let mut failing = self.store.0.failing_writes.lock().unwrap();
            if *failing > 0 {
                *failing -= 1;
                return Err(Error::unavailable("the store is unreachable"));
            }
            drop(failing);
            self.store.0.revocations.send_modify(|all| all.extend(revocations));
            Ok(())
        })
    }

    fn feed(&self) -> Box<dyn RevocationFeed> {
        Box::new(Feed { view: self.clone(), position: 0, has_failed: false })
    }
}

impl RevocationFeed for Feed {
    fn next(&mut self) -> StoreFuture<'_, FeedEvent> {
        Box::pin(async {
            let store = &self.view.store.0;
            if self.view.is_interruptible {
                if self.has_failed {
                    // It was read again after an error, so the replica knows.
                    store.noticed.send_replace(true);
                }
                self.has_failed = *store.interrupted.borrow();
                if self.has_failed {
                    return Err(Error::unavailable("the feed is interrupted"));
                }
            }
            let new = store.revocations.borrow().get(self.position..).unwrap_or_default().to_vec();
            if new.is_empty() {
                // A moment later, so that this isn't a busy loop.
                tokio::time::sleep(std::time::Duration::from_millis(500)).await;
                return Ok(FeedEvent::Current);
            }
            self.position += new.len();
            Ok(FeedEvent::Revoked(new))
        })
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

#[test]
fn no_token_revoked_elsewhere_is_accepted_during_an_outage() {
    check(|| {
        let store = Store::new();
        let here = store.replica(true, OutagePolicy::Reject);
        let elsewhere = store.replica(false, OutagePolicy::Serve);
        let verifier = verifier_with_one_key(&here);
        while_time_passes(|| {
            let before = request(&verifier, KEYS[0].token);
            assert!([Accepted, Unavailable].contains(&before), "{before:?}");
            store.0.interrupted.send_replace(true);
            block_on(store.0.noticed.subscribe().wait_for(|noticed| *noticed)).unwrap();
            let racing = spawn_request(&verifier, KEYS[0].token);
            let published = block_on(elsewhere.revoke(&Revocation::token(KEYS[0].token)));
            assert_eq!(request(&verifier, KEYS[0].token), Unavailable);
            store.0.interrupted.send_replace(false);
            let outcome = join(racing);
            assert!([Unavailable, REVOKED].contains(&outcome), "{outcome:?}");
            let after = request(&verifier, KEYS[0].token);
            // An error means that it took longer than 5 s.
            assert!(published.is_err() || [Unavailable, REVOKED].contains(&after), "{after:?}");
        });
    });
}

#[test]
fn revocations_reach_the_store_although_a_write_fails() {
    check(|| {
        let store = Store::new();
        *store.0.failing_writes.lock().unwrap() = 1;
        let here = store.replica(false, OutagePolicy::Serve);
        while_time_passes(|| {
            let other = thread::spawn({
                let (here, store) = (here.clone(), store.clone());
                move || {
                    let published = block_on(here.revoke(&Revocation::token_id("one")));
                    assert!(published.is_err() || store.len() > 0);
                }
            });
            drop(here.revoke(&Revocation::token_id("two")));
            join(other);
            let mut revocations = store.0.revocations.subscribe();
            block_on(revocations.wait_for(|all| all.iter().any(|one| one.key() != all[0].key())))
                .unwrap();
        });
        assert_eq!(store.len(), 2);
    });
}
