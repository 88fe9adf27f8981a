//! The cache of verified tokens.

use std::{
    fmt,
    hash::{BuildHasherDefault, Hasher},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use quick_cache::{
    Weighter,
    sync::{Cache, DefaultLifecycle},
};

use super::{
    issuer::{Issuer, VerifiedToken},
    tail_hasher::TailHasher,
};
use crate::{Identity, verify::Revocation};

/// The default capacity in bytes.
pub(crate) const DEFAULT_CAPACITY: usize = 32 * 1024 * 1024;

/// The approximate size of an entry without its texts: the identity, the entry, its slot in the cache.
const OVERHEAD: usize = 500;

/// Tokens that passed every rule, with their identities. Only those enter, so an attacker can neither fill
/// the cache nor choose what it evicts.
///
/// A hit saves the signature and the parsing, and nothing else: times, keys and the user's checks are
/// validated again each time. A cache without capacity holds nothing. Clones share their entries.
#[derive(Debug, Clone)]
pub(crate) struct TokenCache(Option<Arc<Entries>>);

/// An entry that a verification which begins now may add.
///
/// Taken before the verification, so that a revocation in between keeps the token out of the cache.
pub(crate) struct PendingEntry {
    entries: Option<Arc<Entries>>,
    epoch: u64,
}

impl TokenCache {
    /// Creates a cache of about `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        Self((capacity > 0).then(|| Arc::new(Entries::new(capacity))))
    }

    /// Returns the identity of a token that was verified before and is still valid.
    pub(crate) fn get(&self, token: &[u8]) -> Option<Identity> {
        self.0.as_ref()?.get(token)
    }

    /// Removes revoked tokens, and keeps those out whose verification is under way.
    pub(crate) fn revoke(&self, revocation: &Revocation) {
        if let Some(entries) = &self.0 {
            entries.revoke(revocation);
        }
    }

    pub(crate) fn begin(&self) -> PendingEntry {
        let epoch = self.0.as_ref().map_or(0, |entries| entries.epoch());
        PendingEntry { entries: self.0.clone(), epoch }
    }
}

impl PendingEntry {
    /// Adds the token of a configured issuer.
    pub(crate) fn insert(
        self,
        token: &str,
        verified: VerifiedToken,
        issuer: &Arc<Issuer>,
    ) -> Identity {
        self.insert_for(token, verified, IssuerRef::Configured(Arc::clone(issuer)))
    }

    /// Adds the token of a tenant. It is valid as long as the tenant is known.
    pub(crate) fn insert_for_tenant(
        self,
        token: &str,
        verified: VerifiedToken,
        tenant: &Arc<Issuer>,
    ) -> Identity {
        self.insert_for(token, verified, IssuerRef::Tenant(Arc::downgrade(tenant)))
    }

    fn insert_for(self, token: &str, verified: VerifiedToken, issuer: IssuerRef) -> Identity {
        if let Some(entries) = self.entries {
            entries.insert(token, &verified, issuer, self.epoch);
        }
        verified.identity
    }
}

struct Entries {
    by_hash: Cache<u64, Arc<Entry>, ByBytes, BuildHasherDefault<Hashed>>,
    hasher: TailHasher,
    /// Counts revocations, so that a verification that was under way during one isn't cached.
    epoch: AtomicU64,
}

struct Entry {
    /// The whole token, because only its end is hashed.
    token: Box<str>,
    identity: Identity,
    issuer: IssuerRef,
    /// The key set that verified it.
    generation: u64,
}

/// The issuer that says whether a token is still valid.
enum IssuerRef {
    Configured(Arc<Issuer>),
    /// Weak, because a tenant is removed once its tokens are no longer used, and its entries must not keep it.
    Tenant(Weak<Issuer>),
}

impl IssuerRef {
    fn is_still_valid(&self, identity: &Identity, generation: u64) -> bool {
        match self {
            Self::Configured(issuer) => issuer.is_still_valid(identity, generation),
            Self::Tenant(issuer) => {
                issuer.upgrade().is_some_and(|issuer| issuer.is_still_valid(identity, generation))
            }
        }
    }
}

impl Entries {
    fn new(capacity: usize) -> Self {
        let entries = capacity / (1024 + OVERHEAD);
        let weight = u64::try_from(capacity).unwrap_or(u64::MAX);
        let (hasher, lifecycle) = (BuildHasherDefault::default(), DefaultLifecycle::default());
        let by_hash = Cache::with(entries.max(1), weight, ByBytes, hasher, lifecycle);
        Self { by_hash, hasher: TailHasher::new(), epoch: AtomicU64::new(0) }
    }

    fn get(&self, token: &[u8]) -> Option<Identity> {
        let entry = self.by_hash.get(&self.hasher.hash(token))?;
        let is_valid = entry.token.as_bytes() == token
            && entry.issuer.is_still_valid(&entry.identity, entry.generation);
        is_valid.then(|| entry.identity.clone())
    }

    fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Adds a token whose verification began at `epoch`.
    fn insert(&self, token: &str, verified: &VerifiedToken, issuer: IssuerRef, epoch: u64) {
        let entry = Entry {
            token: token.into(),
            identity: verified.identity.clone(),
            issuer,
            generation: verified.generation,
        };
        self.by_hash.insert(self.hasher.hash(token.as_bytes()), Arc::new(entry));
        // Compared after the insertion: a revocation before this line is noticed here, and a later one
        // finds the entry.
        if self.epoch() != epoch {
            self.by_hash.remove(&self.hasher.hash(token.as_bytes()));
        }
    }

    fn revoke(&self, revocation: &Revocation) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.by_hash.retain(|_, entry| !revocation.concerns(&entry.token, &entry.identity));
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("tokens", &self.by_hash.len()).finish_non_exhaustive()
    }
}

/// Weighs an entry by its size in bytes.
#[derive(Clone)]
struct ByBytes;

impl Weighter<u64, Arc<Entry>> for ByBytes {
    fn weight(&self, _hash: &u64, entry: &Arc<Entry>) -> u64 {
        let texts = entry.token.len().saturating_add(entry.identity.raw_claims().len());
        u64::try_from(texts.saturating_add(OVERHEAD)).unwrap_or(u64::MAX)
    }
}

/// Uses a hash as it is.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only `u64`s are hashed. Anything else still gets a value that differs from most.
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
