//! The replacement of issuers: which entries are kept, with their keys, caches and revocations.

use std::sync::Arc;

use super::dispatcher::{Dispatcher, EntryName, Trust};
use crate::verify::jwt::{Issuer, TokenCache};

/// Returns the issuers of `next`. Entries that `current` has as well are taken from `current`.
pub(super) fn succeed(current: &Dispatcher, next: &Dispatcher) -> Dispatcher {
    let is_same = |entry: &EntryName| {
        let fingerprint = next.fingerprints.get(entry);
        fingerprint.is_some() && fingerprint == current.fingerprints.get(entry)
    };
    let by_name = next.by_name.iter().map(|(name, trust)| {
        let kept =
            current.by_name.get(name).filter(|_| is_same(&EntryName::Issuer(name.to_string())));
        (name.clone(), kept.unwrap_or(trust).clone())
    });
    let kept_opaque = current.opaque.as_ref().filter(|_| is_same(&EntryName::Opaque));
    let mut dispatcher = Dispatcher {
        by_name: by_name.collect(),
        names: next.names.clone(),
        issuers: Vec::new(),
        unnamed: None,
        tenants: next.tenants.clone(),
        by_prefix: next.by_prefix.clone(),
        opaque: kept_opaque.or(next.opaque.as_ref()).cloned(),
        // Replaced below.
        cache: next.cache.clone(),
        // Without a configured list, the current one is kept, so that revoked tokens stay revoked.
        revocations: if next.has_configured_revocations {
            next.revocations.clone()
        } else {
            current.revocations.clone()
        },
        has_configured_revocations: next.has_configured_revocations,
        fingerprints: next.fingerprints.clone(),
    };
    let keys = |name: &String| match dispatcher.by_name.get(&**name)? {
        Trust::Keys(issuer) => Some(Arc::clone(issuer)),
        Trust::Delegate(_) => None,
    };
    dispatcher.issuers = dispatcher.names.iter().filter_map(keys).collect();
    let unnamed = dispatcher.issuers.iter().find(|issuer| !issuer.is_named_by_tokens());
    dispatcher.unnamed = unnamed.map(Arc::clone);
    dispatcher.cache = cache(current, &dispatcher);
    dispatcher
}

/// Returns the cache for the issuers of `next`.
///
/// If an entry of `current` was removed, this is a new cache. A verification that `current` has started may
/// still add a token of the removed entry, but only to the old cache, which is no longer read.
fn cache(current: &Dispatcher, next: &Dispatcher) -> TokenCache {
    let keeps_issuer = |issuer: &Arc<Issuer>| match next.by_name.get(issuer.name()) {
        Some(Trust::Keys(kept)) => Arc::ptr_eq(kept, issuer),
        Some(Trust::Delegate(_)) | None => false,
    };
    let keeps_tenants = |tenants: &Arc<_>| next.tenants.iter().any(|it| Arc::ptr_eq(it, tenants));
    let capacity = next.cache.capacity();
    let is_complete =
        current.issuers.iter().all(keeps_issuer) && current.tenants.iter().all(&keeps_tenants);
    if is_complete && current.cache.capacity() == capacity {
        return current.cache.sharing_entries(next.revocations.clone());
    }
    let cache = TokenCache::new(capacity, Some(next.revocations.clone()));
    cache.copy_from(&current.cache, keeps_issuer, |tenant| {
        let mut kept = current.tenants.iter().filter(|tenants| keeps_tenants(tenants));
        kept.any(|tenants| tenants.contains(tenant))
    });
    cache
}
