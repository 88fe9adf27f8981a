//! The cache of verified tokens.

use std::{
    fmt,
    hash::{BuildHasherDefault, Hash, Hasher},
    sync::{Arc, Weak},
};

use quick_cache::{
    Equivalent, Weighter,
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
const OVERHEAD: usize = 680;

/// A cache of tokens that passed every rule, with their identities. Only valid tokens are added, so an
/// attacker can neither fill the cache nor choose what it evicts.
///
/// A hit only saves the signature verification and the parsing. Times, keys and custom checks are
/// evaluated each time. A cache with a capacity of zero is always empty. Clones share their entries.
#[derive(Debug, Clone)]
pub(crate) struct TokenCache {
    entries: Option<Arc<Entries>>,
    /// The issuer of all tokens, if there is only one.
    owner: Option<Arc<Issuer>>,
    /// A revocation list in addition to that of each token's issuer.
    revocations: Option<Revocations>,
}

impl TokenCache {
    /// Creates a cache of about `capacity` bytes for the tokens of any issuers.
    pub(crate) fn new(capacity: usize, revocations: Option<Revocations>) -> Self {
        let entries = (capacity > 0).then(|| Arc::new(Entries::new(capacity)));
        Self { entries, owner: None, revocations }
    }

    /// Creates a cache of about `capacity` bytes for the tokens of one issuer. Its entries need no reference to it, which
    /// would be counted on each hit.
    pub(crate) fn of(owner: &Arc<Issuer>, capacity: usize) -> Self {
        Self { owner: Some(Arc::clone(owner)), ..Self::new(capacity, None) }
    }

    /// Returns the capacity in bytes.
    pub(crate) fn capacity(&self) -> usize {
        self.entries.as_ref().map_or(0, |entries| entries.capacity)
    }

    /// Returns a cache with the same entries.
    pub(crate) fn sharing_entries(&self, revocations: Revocations) -> Self {
        Self { revocations: Some(revocations), ..self.clone() }
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
        for (token, entry) in others.by_token.iter() {
            let is_kept = match &entry.issuer {
                // Only caches for several issuers are copied.
                IssuerRef::Owner => false,
                IssuerRef::Configured(issuer) => keeps_issuer(issuer),
                IssuerRef::Tenant(tenant) => tenant.upgrade().is_some_and(|it| keeps_tenant(&it)),
            };
            if is_kept {
                entries.insert(&token.text, entry);
            }
        }
    }

    /// Returns the identity of a cached token, if it is still valid.
    pub(crate) fn get(&self, token: &[u8]) -> Option<Identity> {
        let Entry { identity, issuer, generation } = self.entries.as_ref()?.get(token)?;
        let is_accepted_by = |issuer: &Issuer| {
            issuer.is_still_valid(token, &identity, generation, self.revocations.as_ref())
        };
        let is_valid = match &issuer {
            IssuerRef::Owner => self.owner.as_deref().is_some_and(is_accepted_by),
            IssuerRef::Configured(issuer) => is_accepted_by(issuer),
            IssuerRef::Tenant(tenant) => tenant.upgrade().is_some_and(|tenant| {
                tenant.is_still_valid(token, &identity, generation, self.revocations.as_ref())
            }),
        };
        is_valid.then_some(identity)
    }

    /// Adds the token of a configured issuer.
    pub(crate) fn insert(
        &self,
        token: &[u8],
        verified: VerifiedToken,
        issuer: &Arc<Issuer>,
    ) -> Result<Identity, Error> {
        let issuer = match &self.owner {
            Some(_) => IssuerRef::Owner,
            None => IssuerRef::Configured(Arc::clone(issuer)),
        };
        self.add(token, verified, issuer)
    }

    /// Adds the token of a tenant, which is valid only as long as the tenant is registered.
    pub(crate) fn insert_for_tenant(
        &self,
        token: &[u8],
        verified: VerifiedToken,
        tenant: &Arc<Registration>,
    ) -> Result<Identity, Error> {
        self.add(token, verified, IssuerRef::Tenant(Arc::downgrade(tenant)))
    }

    /// Adds a token, unless it was revoked. A later revocation is detected when the token is used.
    fn add(
        &self,
        token: &[u8],
        verified: VerifiedToken,
        issuer: IssuerRef,
    ) -> Result<Identity, Error> {
        let VerifiedToken { identity, generation } = verified;
        if let Some(revocations) = &self.revocations {
            revocations.check(None, token, &identity)?;
        }
        if let Some(entries) = &self.entries {
            entries.insert(token, Entry { identity: identity.clone(), issuer, generation });
        }
        Ok(identity)
    }
}

struct Entries {
    capacity: usize,
    by_token: Cache<CachedToken, Entry, ByBytes, BuildHasherDefault<DigestHasher>>,
    hasher: TailHasher,
}

/// A token that was verified. It is compared as a whole, because only its end is hashed.
#[derive(Clone, PartialEq, Eq)]
struct CachedToken {
    text: Box<[u8]>,
    hash: u64,
}

/// A token that is looked up.
struct SoughtToken<'a> {
    text: &'a [u8],
    hash: u64,
}

/// The outcome of a verification. It is cloned on each hit, so it contains no more than necessary.
#[derive(Clone)]
struct Entry {
    identity: Identity,
    issuer: IssuerRef,
    /// The generation of the key set that verified it.
    generation: u64,
}

/// The issuer that determines whether a token is still valid.
#[derive(Clone)]
enum IssuerRef {
    /// The only issuer of the cache.
    Owner,
    Configured(Arc<Issuer>),
    /// A weak reference, because entries must not keep a removed tenant in memory.
    Tenant(Weak<Registration>),
}

impl Hash for CachedToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Hash for SoughtToken<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Equivalent<CachedToken> for SoughtToken<'_> {
    fn equivalent(&self, cached: &CachedToken) -> bool {
        self.hash == cached.hash && *self.text == *cached.text
    }
}

impl Entries {
    fn new(capacity: usize) -> Self {
        let entries = capacity / (1024 + OVERHEAD);
        let weight = u64::try_from(capacity).unwrap_or(u64::MAX);
        let (hasher, lifecycle) = (BuildHasherDefault::default(), DefaultLifecycle::default());
        let by_token = Cache::with(entries.max(1), weight, ByBytes, hasher, lifecycle);
        Self { capacity, by_token, hasher: TailHasher::new() }
    }

    fn get(&self, token: &[u8]) -> Option<Entry> {
        self.by_token.get(&SoughtToken { text: token, hash: self.hasher.hash(token) })
    }

    fn insert(&self, token: &[u8], entry: Entry) {
        let token = CachedToken { text: token.into(), hash: self.hasher.hash(token) };
        self.by_token.insert(token, entry);
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("tokens", &self.by_token.len()).finish_non_exhaustive()
    }
}

/// Weighs an entry by its size in bytes.
#[derive(Clone)]
struct ByBytes;

impl Weighter<CachedToken, Entry> for ByBytes {
    fn weight(&self, token: &CachedToken, entry: &Entry) -> u64 {
        let texts = token.text.len().saturating_add(entry.identity.raw_claims().len());
        u64::try_from(texts.saturating_add(OVERHEAD)).unwrap_or(u64::MAX)
    }
}
