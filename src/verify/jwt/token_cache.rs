//! The cache of verified tokens.

use std::{
    fmt,
    hash::BuildHasherDefault,
    sync::{Arc, Weak},
};

use quick_cache::{
    Weighter,
    sync::{Cache, DefaultLifecycle},
};

use super::{
    issuer::{Issuer, VerifiedToken},
    registration::Registration,
    tail_hasher::TailHasher,
};
use crate::{
    Error, Identity,
    verify::{Revocations, digest_hasher::DigestHasher},
};

/// The default capacity in bytes.
pub(crate) const DEFAULT_CAPACITY: usize = 32 * 1024 * 1024;

/// The approximate size of an entry without its texts: the identity, the entry, and its slot in the
/// cache.
const OVERHEAD: usize = 670;

/// A cache of tokens that passed every rule, with their identities. Only valid tokens are added, so an
/// attacker can neither fill the cache nor choose what it evicts.
///
/// A hit only saves the signature verification and the parsing. Times, keys and custom checks are
/// evaluated each time. A cache with a capacity of zero is always empty. Clones share their entries.
#[derive(Debug, Clone)]
pub(crate) struct TokenCache {
    entries: Option<Arc<Entries>>,
    /// A revocation list in addition to that of each token's issuer.
    revocations: Option<Revocations>,
}

/// A verified token that is to be added to the cache.
struct NewEntry<'a> {
    token: &'a [u8],
    verified: VerifiedToken,
    issuer: IssuerRef,
}

impl TokenCache {
    /// Creates a cache of about `capacity` bytes.
    pub(crate) fn new(capacity: usize, revocations: Option<Revocations>) -> Self {
        let entries = (capacity > 0).then(|| Arc::new(Entries::new(capacity)));
        Self { entries, revocations }
    }

    /// Returns the capacity in bytes.
    pub(crate) fn capacity(&self) -> usize {
        self.entries.as_ref().map_or(0, |entries| entries.capacity)
    }

    /// Returns a cache with the same entries.
    pub(crate) fn sharing_entries(&self, revocations: Revocations) -> Self {
        Self { entries: self.entries.clone(), revocations: Some(revocations) }
    }

    /// Adds the entries of another cache whose issuer is kept. Entries that are added to the other cache later
    /// aren't added to this one.
    pub(crate) fn copy_from(
        &self,
        other: &Self,
        keeps_issuer: impl Fn(&Arc<Issuer>) -> bool,
        keeps_tenant: impl Fn(&Arc<Registration>) -> bool,
    ) {
        let (Some(entries), Some(others)) = (&self.entries, &other.entries) else { return };
        for (_, identity) in others.by_hash.iter() {
            let Some(CachedToken { token, issuer, .. }) = identity.cached() else { continue };
            let is_kept = match issuer {
                IssuerRef::Configured(issuer) => keeps_issuer(issuer),
                IssuerRef::Tenant(tenant) => tenant.upgrade().is_some_and(|it| keeps_tenant(&it)),
            };
            if is_kept {
                entries.by_hash.insert(entries.hasher.hash(token), identity);
            }
        }
    }

    /// Returns the identity of a cached token, if it is still valid.
    pub(crate) fn get(&self, token: &[u8]) -> Option<Identity> {
        self.entries.as_ref()?.get(token, self.revocations.as_ref())
    }

    /// Adds the token of a configured issuer.
    pub(crate) fn insert(
        &self,
        token: &[u8],
        verified: VerifiedToken,
        issuer: &Arc<Issuer>,
    ) -> Result<Identity, Error> {
        let issuer = IssuerRef::Configured(Arc::clone(issuer));
        self.add(NewEntry { token, verified, issuer })
    }

    /// Adds the token of a tenant, which is valid only as long as the tenant is registered.
    pub(crate) fn insert_for_tenant(
        &self,
        token: &[u8],
        verified: VerifiedToken,
        tenant: &Arc<Registration>,
    ) -> Result<Identity, Error> {
        let issuer = IssuerRef::Tenant(Arc::downgrade(tenant));
        self.add(NewEntry { token, verified, issuer })
    }

    /// Adds a token, unless it was revoked. A later revocation is detected when the token is used.
    fn add(&self, new: NewEntry<'_>) -> Result<Identity, Error> {
        let identity = new.verified.identity.clone();
        if let Some(revocations) = &self.revocations {
            revocations.check(None, new.token, &identity)?;
        }
        if let Some(entries) = &self.entries {
            entries.insert(new);
        }
        Ok(identity)
    }
}

struct Entries {
    capacity: usize,
    /// Each identity knows the [`CachedToken`] from which it was verified.
    by_hash: Cache<u64, Identity, ByBytes, BuildHasherDefault<DigestHasher>>,
    hasher: TailHasher,
}

struct CachedToken {
    /// The whole token, which is compared on a hit because only its end is hashed.
    token: Box<[u8]>,
    issuer: IssuerRef,
    /// The generation of the key set that verified it.
    generation: u64,
}

/// The issuer that determines whether a token is still valid.
enum IssuerRef {
    Configured(Arc<Issuer>),
    /// A weak reference, because entries must not keep a removed tenant in memory.
    Tenant(Weak<Registration>),
}

impl IssuerRef {
    fn is_still_valid(
        &self,
        token: &[u8],
        identity: &Identity,
        generation: u64,
        revocations: Option<&Revocations>,
    ) -> bool {
        match self {
            Self::Configured(issuer) => {
                issuer.is_still_valid(token, identity, generation, revocations)
            }
            Self::Tenant(tenant) => tenant.upgrade().is_some_and(|tenant| {
                tenant.is_still_valid(token, identity, generation, revocations)
            }),
        }
    }
}

impl Entries {
    fn new(capacity: usize) -> Self {
        let entries = capacity / (1024 + OVERHEAD);
        let weight = u64::try_from(capacity).unwrap_or(u64::MAX);
        let (hasher, lifecycle) = (BuildHasherDefault::default(), DefaultLifecycle::default());
        let by_hash = Cache::with(entries.max(1), weight, ByBytes, hasher, lifecycle);
        Self { capacity, by_hash, hasher: TailHasher::new() }
    }

    fn get(&self, token: &[u8], revocations: Option<&Revocations>) -> Option<Identity> {
        let identity = self.by_hash.get(&self.hasher.hash(token))?;
        let cached: &CachedToken = identity.cached()?;
        let is_valid = *cached.token == *token
            && cached.issuer.is_still_valid(token, &identity, cached.generation, revocations);
        is_valid.then_some(identity)
    }

    fn insert(&self, new: NewEntry<'_>) {
        let NewEntry { token, verified: VerifiedToken { identity, generation }, issuer } = new;
        if identity.set_cached(CachedToken { token: token.into(), issuer, generation }) {
            self.by_hash.insert(self.hasher.hash(token), identity);
        }
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

impl Weighter<u64, Identity> for ByBytes {
    fn weight(&self, _hash: &u64, identity: &Identity) -> u64 {
        let token = identity.cached().map_or(0, |cached: &CachedToken| cached.token.len());
        let texts = token.saturating_add(identity.raw_claims().len());
        u64::try_from(texts.saturating_add(OVERHEAD)).unwrap_or(u64::MAX)
    }
}
