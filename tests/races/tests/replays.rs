//! The store of used DPoP proofs.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use portcullis::{
    Clock,
    binding::{MemoryReplayStore, ReplayKey, ReplayStore},
};
use shuttle::future::block_on;

use crate::support::{ModelClock, advance, check, check_all, join};

/// Stores a proof for 60 seconds from the beginning of the scenario. Returns whether it is new, or `None` if it is
/// rejected.
fn insert(store: &MemoryReplayStore, key: ReplayKey, start: std::time::SystemTime) -> Option<bool> {
    block_on(store.insert(key, start + Duration::from_secs(60)).wait()).ok()
}

fn spawn_insert(store: &Arc<MemoryReplayStore>, key: ReplayKey) -> JoinHandle<Option<bool>> {
    let (store, start) = (Arc::clone(store), ModelClock.now());
    thread::spawn(move || insert(&store, key, start))
}

fn store(proofs: usize) -> Arc<MemoryReplayStore> {
    Arc::new(MemoryReplayStore::with_capacity(proofs).clock(ModelClock))
}

/// Keys in the same part of the store.
fn key(last: u8) -> ReplayKey {
    let mut bytes = [7; 32];
    bytes[15] = last;
    ReplayKey::from(bytes)
}

#[test]
fn a_proof_is_accepted_once() {
    fn scenario() {
        let store = store(1000);
        let other = spawn_insert(&store, key(1));
        let outcomes = [insert(&store, key(1), ModelClock.now()), join(other)];
        assert!(
            [[Some(true), Some(false)], [Some(false), Some(true)]].contains(&outcomes),
            "{outcomes:?}"
        );
    }
    check_all("a proof in two requests", scenario);
    check(|| {
        let store = store(1000);
        let others = [spawn_insert(&store, key(1)), spawn_insert(&store, key(1))];
        let outcome = insert(&store, key(1), ModelClock.now());
        let outcomes = others.map(join);
        let accepted = [outcome].iter().chain(&outcomes).filter(|one| **one == Some(true)).count();
        assert_eq!(accepted, 1, "{outcome:?} {outcomes:?}");
    });
}

#[test]
fn a_full_store_rejects_a_proof_and_forgets_none() {
    fn scenario() {
        // One proof in each of sixteen parts.
        let store = store(16);
        let other = spawn_insert(&store, key(1));
        let outcomes = [insert(&store, key(2), ModelClock.now()), join(other)];
        assert!([[Some(true), None], [None, Some(true)]].contains(&outcomes), "{outcomes:?}");
        let stored = if outcomes[0].is_some() { key(2) } else { key(1) };
        assert_eq!(insert(&store, stored, ModelClock.now()), Some(false));
    }
    check_all("two proofs and one place", scenario);
}

#[test]
fn no_proof_is_forgotten_before_it_expires() {
    check(|| {
        let (store, start) = (store(16), ModelClock.now());
        assert_eq!(insert(&store, key(1), start), Some(true));
        let time = thread::spawn(|| {
            advance(59);
            advance(1);
        });
        // It has the place of an expired proof only.
        let other = spawn_insert(&store, key(2));
        assert_eq!(insert(&store, key(1), start), Some(false));
        join(time);
        assert_eq!(join(other), None);
        assert_eq!(insert(&store, key(1), start), Some(false));
    });
}
