//! Verified tokens, seen again.

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
    issuer::{Issuer, Judged},
    token_place::Places,
};
use crate::{Identity, verify::Revocation};

/// What a cache holds at the most by default.
pub(crate) const DEFAULT_CAPACITY: usize = 32 * 1024 * 1024;

/// What an entry takes beside its texts, about: the identity, the entry, its place in the cache.
const OVERHEAD: usize = 500;

/// Tokens that were verified in full, with what they say. Only those enter, so a stranger can
/// neither fill it nor choose what leaves it.
///
/// A hit saves the signature and the parsing, and nothing else: time, keys and the checks of the
/// service's own are looked at again each time. With no capacity nothing is remembered. Clones share
/// what they remember.
#[derive(Debug, Clone)]
pub(crate) struct SeenTokens(Option<Arc<TokenCache>>);

/// A verification that begins now, whose outcome may be remembered.
pub(crate) struct Memory {
    cache: Option<Arc<TokenCache>>,
    epoch: u64,
}

impl SeenTokens {
    /// At most about `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        Self((capacity > 0).then(|| Arc::new(TokenCache::new(capacity))))
    }

    /// What the token says, if it was verified before and is as good as it was then.
    pub(crate) fn get(&self, token: &[u8]) -> Option<Identity> {
        self.0.as_ref()?.get(token)
    }

    /// Forgets what was revoked, also what is being verified.
    pub(crate) fn revoke(&self, revocation: &Revocation) {
        if let Some(cache) = &self.0 {
            cache.revoke(revocation);
        }
    }

    pub(crate) fn begin(&self) -> Memory {
        let epoch = self.0.as_ref().map_or(0, |cache| cache.epoch());
        Memory { cache: self.0.clone(), epoch }
    }
}

impl Memory {
    /// Remembers a token that was found good.
    pub(crate) fn keep(self, token: &str, judged: Judged, issuer: &Arc<Issuer>) -> Identity {
        self.keep_by(token, judged, Voucher::Trusted(Arc::clone(issuer)))
    }

    /// The same for a tenant's, as long as the tenant is known.
    pub(crate) fn keep_of_tenant(
        self,
        token: &str,
        judged: Judged,
        tenant: &Arc<Issuer>,
    ) -> Identity {
        self.keep_by(token, judged, Voucher::Tenant(Arc::downgrade(tenant)))
    }

    fn keep_by(self, token: &str, judged: Judged, voucher: Voucher) -> Identity {
        if let Some(cache) = self.cache {
            cache.insert(token, &judged, voucher, self.epoch);
        }
        judged.identity
    }
}

struct TokenCache {
    entries: Cache<u64, Arc<Entry>, ByBytes, BuildHasherDefault<Hashed>>,
    places: Places,
    /// Counts revocations, so that a verification under way when one happens isn't remembered.
    epoch: AtomicU64,
}

struct Entry {
    /// The whole token, since its place in the cache is found by a hash of its end.
    token: Box<str>,
    identity: Identity,
    voucher: Voucher,
    /// The key set that verified it.
    generation: u64,
}

/// Who says that a token is still good.
enum Voucher {
    Trusted(Arc<Issuer>),
    /// One that is forgotten where its tokens are no longer met: this keeps it from nothing.
    Tenant(Weak<Issuer>),
}

impl Voucher {
    fn stands_by(&self, identity: &Identity, generation: u64) -> bool {
        match self {
            Self::Trusted(issuer) => issuer.stands_by(identity, generation),
            Self::Tenant(issuer) => {
                issuer.upgrade().is_some_and(|issuer| issuer.stands_by(identity, generation))
            }
        }
    }
}

impl TokenCache {
    fn new(capacity: usize) -> Self {
        let entries = capacity / (1024 + OVERHEAD);
        let weight = u64::try_from(capacity).unwrap_or(u64::MAX);
        let (hasher, lifecycle) = (BuildHasherDefault::default(), DefaultLifecycle::default());
        let entries = Cache::with(entries.max(1), weight, ByBytes, hasher, lifecycle);
        Self { entries, places: Places::new(), epoch: AtomicU64::new(0) }
    }

    fn get(&self, token: &[u8]) -> Option<Identity> {
        let entry = self.entries.get(&self.places.of(token))?;
        let is_good = entry.token.as_bytes() == token
            && entry.voucher.stands_by(&entry.identity, entry.generation);
        is_good.then(|| entry.identity.clone())
    }

    fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Remembers a token that was verified since `epoch`.
    fn insert(&self, token: &str, judged: &Judged, voucher: Voucher, epoch: u64) {
        let entry = Entry {
            token: token.into(),
            identity: judged.identity.clone(),
            voucher,
            generation: judged.generation,
        };
        self.entries.insert(self.places.of(token.as_bytes()), Arc::new(entry));
        // Looked at after the insertion: a revocation before this line is seen here, and one after
        // it finds the entry.
        if self.epoch() != epoch {
            self.entries.remove(&self.places.of(token.as_bytes()));
        }
    }

    fn revoke(&self, revocation: &Revocation) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.entries.retain(|_, entry| !revocation.concerns(&entry.token, &entry.identity));
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("tokens", &self.entries.len()).finish_non_exhaustive()
    }
}

/// Counts an entry by the bytes that it takes.
#[derive(Clone)]
struct ByBytes;

impl Weighter<u64, Arc<Entry>> for ByBytes {
    fn weight(&self, _place: &u64, entry: &Arc<Entry>) -> u64 {
        let texts = entry.token.len().saturating_add(entry.identity.raw_claims().len());
        u64::try_from(texts.saturating_add(OVERHEAD)).unwrap_or(u64::MAX)
    }
}

/// Takes a place as the hash that it is.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only `u64`s are hashed; anything else still comes out different from most.
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, place: u64) {
        self.0 = place;
    }
}
