//! A store for used proofs, in the memory of one process.

use std::{
    collections::HashMap,
    fmt,
    hash::BuildHasherDefault,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use super::replay::{Replay, ReplayKey, ReplayStore};
use crate::{
    Clock, Error,
    claims::NumericDate,
    clock::SystemClock,
    error::retry_after,
    telemetry::{self, Throttle},
    verify::digest_hasher::DigestHasher,
};

/// The number of shards. Each has a lock, so that proofs of different keys rarely contend.
const SHARDS: u8 = 16;

/// How often a shard removes expired proofs.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);

/// A [`ReplayStore`] in memory, for services that run as a single process. This is the default
/// store.
///
/// It stores at most 1,000,000 proofs by default, in up to 52 bytes each. When it is full of proofs that
/// haven't expired, it rejects new ones with 503 instead of evicting old ones, and logs this at most once a
/// minute.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use portcullis::binding::{MemoryReplayStore, ReplayKey, ReplayStore};
///
/// let store = MemoryReplayStore::with_capacity(1000);
/// let soon = SystemTime::now() + Duration::from_secs(60);
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert!(store.insert(ReplayKey::from([1; 32]), soon).wait().await.unwrap());
/// assert!(!store.insert(ReplayKey::from([1; 32]), soon).wait().await.unwrap());
/// # });
/// ```
pub struct MemoryReplayStore {
    shards: Box<[Mutex<Shard>]>,
    max_per_shard: usize,
    clock: Arc<dyn Clock>,
    /// Limits how often a full store is logged.
    log: Throttle,
}

#[derive(Default)]
struct Shard {
    /// Maps the first half of each key to the time, in seconds since 1970, from which on the proof
    /// is rejected for its age.
    expiries: HashMap<[u64; 2], u32, BuildHasherDefault<DigestHasher>>,
    next_sweep: u32,
}

impl MemoryReplayStore {
    /// Creates a store for 1,000,000 proofs.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(1_000_000)
    }

    /// Creates a store for this number of proofs, rounded up to a multiple of 16.
    #[must_use]
    pub fn with_capacity(proofs: usize) -> Self {
        Self {
            shards: std::iter::repeat_with(Mutex::default).take(SHARDS.into()).collect(),
            max_per_shard: proofs.div_ceil(SHARDS.into()).max(1),
            clock: Arc::new(SystemClock),
            log: Throttle::default(),
        }
    }

    /// Sets the clock by which proofs expire. The default is [`SystemClock`].
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Returns the number of stored proofs, expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        let lengths = self.shards.iter().map(|shard| lock(shard).expiries.len());
        lengths.fold(0, usize::saturating_add)
    }

    /// Returns whether no proof is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn insert_now(&self, key: ReplayKey, expires_at: SystemTime) -> Result<bool, Error> {
        let [shard, ..] = *key.as_bytes();
        let [a, b, ..] = key.as_bytes().as_chunks::<8>().0 else { return Ok(false) };
        let key = [u64::from_be_bytes(*a), u64::from_be_bytes(*b)];
        let now = seconds(self.clock.now());
        // Rounded up, so that a proof isn't removed while it is still accepted.
        let expires_at = seconds(expires_at).saturating_add(1);
        let Some(shard) = self.shards.get(usize::from(shard % SHARDS)) else { return Ok(false) };
        let mut shard = lock(shard);
        if now >= shard.next_sweep || shard.expiries.len() >= self.max_per_shard {
            shard.sweep(now);
        }
        if shard.expiries.contains_key(&key) {
            return Ok(false);
        }
        if shard.expiries.len() >= self.max_per_shard {
            drop(shard);
            let now = NumericDate::from_system_time(self.clock.now());
            if let Some(proofs) = self.log.count("full", now) {
                telemetry::replay_store_full(proofs);
            }
            let error =
                Error::unavailable("the replay store is full of proofs that haven't expired");
            return Err(error.with_retry_after(retry_after::SOON));
        }
        shard.expiries.insert(key, expires_at);
        Ok(true)
    }
}

impl Shard {
    fn sweep(&mut self, now: u32) {
        self.expiries.retain(|_, expires_at| now < *expires_at);
        let interval = u32::try_from(SWEEP_INTERVAL.as_secs()).unwrap_or(u32::MAX);
        self.next_sweep = now.saturating_add(interval);
    }
}

fn lock(shard: &Mutex<Shard>) -> std::sync::MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn seconds(time: SystemTime) -> u32 {
    u32::try_from(NumericDate::from_system_time(time).as_secs()).unwrap_or(u32::MAX)
}

impl ReplayStore for MemoryReplayStore {
    fn insert(&self, key: ReplayKey, expires_at: SystemTime) -> Replay {
        Replay::ready(self.insert_now(key, expires_at))
    }
}

impl Default for MemoryReplayStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReplayStore").field("proofs", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests report by panic")]
mod tests {
    use super::*;

    #[derive(Debug, Default, Clone)]
    struct Manual(Arc<std::sync::atomic::AtomicU64>);

    impl Manual {
        fn set(&self, seconds: u64) {
            self.0.store(seconds, std::sync::atomic::Ordering::Relaxed);
        }
    }

    impl Clock for Manual {
        fn now(&self) -> SystemTime {
            at(self.0.load(std::sync::atomic::Ordering::Relaxed))
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn key(n: u64) -> ReplayKey {
        ReplayKey::new(&[0; 32], &n.to_string())
    }

    #[test]
    fn a_proof_is_new_once_until_it_expires() {
        let clock = Manual::default();
        let store = MemoryReplayStore::new().clock(clock.clone());
        clock.set(1000);
        assert!(store.insert_now(key(1), at(1065)).unwrap());
        assert!(store.insert_now(key(2), at(1065)).unwrap());
        clock.set(1065);
        assert!(!store.insert_now(key(1), at(1065)).unwrap());
        clock.set(1076);
        assert!(store.insert_now(key(1), at(1100)).unwrap());
    }

    #[test]
    fn a_full_store_rejects_new_proofs_and_keeps_the_others() {
        let clock = Manual::default();
        let store = MemoryReplayStore::with_capacity(16).clock(clock.clone());
        let outcomes: Vec<_> = (0..1000).map(|n| store.insert_now(key(n), at(100)).ok()).collect();
        let stored: Vec<u64> =
            (0..).zip(&outcomes).filter(|(_, one)| **one == Some(true)).map(|(n, _)| n).collect();
        assert_eq!((stored.len(), store.len()), (16, 16));
        assert!(outcomes.iter().filter(|one| one.is_none()).count() == 984);
        assert!(stored.iter().all(|n| !store.insert_now(key(*n), at(100)).unwrap()));
        clock.set(101);
        assert!(store.insert_now(key(5000), at(200)).unwrap());
    }

    #[test]
    fn a_full_store_forgets_expired_proofs_at_once() {
        let clock = Manual::default();
        let store = MemoryReplayStore::with_capacity(1).clock(clock.clone());
        clock.set(1000);
        assert!(store.insert_now(key(1), at(1001)).unwrap());
        let key_of_the_same_shard = (2..10_000).map(key).find(|other| {
            let shard = |key: &ReplayKey| key.as_bytes()[0] % SHARDS;
            shard(other) == shard(&key(1))
        });
        let other = key_of_the_same_shard.unwrap();
        assert!(store.insert_now(other, at(1100)).is_err());
        clock.set(1002);
        assert!(store.insert_now(other, at(1100)).unwrap());
    }
}
