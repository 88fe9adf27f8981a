//! The cache of introspection results.

use std::{fmt, sync::Arc, time::Duration};

use quick_cache::sync::Cache;

use crate::{
    Error, Identity,
    claims::NumericDate,
    error::{Diagnosis, TokenFault},
};

/// The maximum length of a cached token, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// The maximum number of rejected tokens in the cache. It is enough for clients that retry, and bounds
/// the memory that a flood of random tokens can use.
const MAX_REJECTED: usize = 1000;

/// The outcome of an introspection.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) result: Result<Identity, Rejected>,
    pub(super) expires_at: Option<NumericDate>,
}

/// The rejection of a token.
#[derive(Debug, Clone)]
pub(super) struct Rejected {
    pub(super) fault: TokenFault,
    /// The finding of the rule, with the issuer of the response.
    pub(super) diagnosis: Option<Arc<Diagnosis>>,
}

impl From<TokenFault> for Rejected {
    fn from(fault: TokenFault) -> Self {
        Self { fault, diagnosis: None }
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        let error = Self::from(rejected.fault);
        match rejected.diagnosis {
            Some(diagnosis) => error.with_diagnosis(Diagnosis::clone(&diagnosis)),
            None => error,
        }
    }
}

/// A cache of introspection outcomes, indexed by the whole token, for one endpoint and one client.
///
/// Rejected tokens have a separate cache, so that a flood of random tokens doesn't evict valid
/// ones.
pub(super) struct IntrospectionCache {
    accepted: Cache<Arc<str>, Entry>,
    rejected: Cache<Arc<str>, Entry>,
    accepted_for: Duration,
    rejected_for: Duration,
}

#[derive(Clone)]
struct Entry {
    outcome: Outcome,
    fresh_from: NumericDate,
    fresh_until: NumericDate,
}

impl IntrospectionCache {
    /// Creates a cache for `capacity` accepted tokens.
    pub(super) fn new(capacity: usize, accepted_for: Duration, rejected_for: Duration) -> Self {
        Self {
            accepted: Cache::new(capacity),
            rejected: Cache::new(capacity.min(MAX_REJECTED)),
            accepted_for,
            rejected_for,
        }
    }

    /// Returns the cached result for a token. A token that has expired in the meantime is rejected
    /// as expired.
    pub(super) fn get(&self, token: &str, now: NumericDate) -> Option<Result<Identity, Rejected>> {
        let entry = self.rejected.get(token).filter(|entry| entry.is_fresh(now));
        let entry =
            entry.or_else(|| self.accepted.get(token).filter(|entry| entry.is_fresh(now)))?;
        let has_expired = entry.outcome.expires_at.is_some_and(|expires_at| now >= expires_at);
        let result = entry.outcome.result;
        Some(if has_expired { result.and(Err(TokenFault::Expired.into())) } else { result })
    }

    /// Returns whether the cache knows when the token expires, and that time has passed.
    pub(super) fn has_expired(&self, token: &str, now: NumericDate) -> bool {
        let entry = self.accepted.peek(token).or_else(|| self.rejected.peek(token));
        let expires_at = entry.and_then(|entry| entry.outcome.expires_at);
        expires_at.is_some_and(|expires_at| now >= expires_at)
    }

    /// Caches an outcome, replacing any earlier one for the token.
    pub(super) fn insert(&self, token: &Arc<str>, outcome: Outcome, now: NumericDate) {
        self.remove(token);
        let (cache, time) = match outcome.result {
            Ok(_) => (&self.accepted, self.accepted_for),
            // It may become valid at any moment, so it isn't cached.
            Err(Rejected { fault: TokenFault::NotYetValid, .. }) => return,
            Err(_) => (&self.rejected, self.rejected_for),
        };
        if !time.is_zero() && token.len() <= MAX_TOKEN {
            let fresh_until = now.saturating_add(time);
            cache.insert(Arc::clone(token), Entry { outcome, fresh_from: now, fresh_until });
        }
    }

    pub(super) fn remove(&self, token: &str) {
        self.accepted.remove(token);
        self.rejected.remove(token);
    }
}

impl Entry {
    /// Returns whether the entry may be used. It may not if the clock was set back before its
    /// insertion.
    fn is_fresh(&self, now: NumericDate) -> bool {
        (self.fresh_from..self.fresh_until).contains(&now)
    }
}

impl fmt::Debug for IntrospectionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionCache")
            .field("accepted", &self.accepted.len())
            .field("rejected", &self.rejected.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> IntrospectionCache {
        IntrospectionCache::new(10, Duration::from_secs(60), Duration::from_secs(5))
    }

    fn accepted(subject: &str, expires_at: Option<u64>) -> Outcome {
        let identity = Identity::assertion().subject(subject).build();
        Outcome { result: Ok(identity), expires_at: expires_at.map(NumericDate::from_secs) }
    }

    fn rejected(fault: TokenFault) -> Outcome {
        Outcome { result: Err(fault.into()), expires_at: None }
    }

    fn get(cache: &IntrospectionCache, now: u64) -> Option<Result<(), TokenFault>> {
        cache
            .get("t", NumericDate::from_secs(now))
            .map(|result| result.map(|_| ()).map_err(|it| it.fault))
    }

    #[test]
    fn a_result_is_cached_for_its_time_and_a_token_until_it_expires() {
        let expired = Some(Err(TokenFault::Expired));
        let inactive = Some(Err(TokenFault::Inactive));
        for (outcome, now, cached) in [
            (accepted("alice", None), 1000, Some(Ok(()))),
            (accepted("alice", None), 1059, Some(Ok(()))),
            (accepted("alice", None), 1060, None),
            (accepted("alice", None), 999, None),
            (accepted("alice", Some(1030)), 1029, Some(Ok(()))),
            (accepted("alice", Some(1030)), 1030, expired),
            (accepted("alice", Some(1030)), 1060, None),
            (rejected(TokenFault::Inactive), 1004, inactive),
            (rejected(TokenFault::Inactive), 1005, None),
            (rejected(TokenFault::Inactive), 999, None),
            (rejected(TokenFault::NotYetValid), 1000, None),
        ] {
            let cache = cache();
            let shown = format!("{outcome:?} at {now}");
            cache.insert(&"t".into(), outcome, NumericDate::from_secs(1000));
            assert_eq!(get(&cache, now), cached, "{shown}");
        }
    }

    #[test]
    fn a_newer_result_replaces_the_older_one() {
        let (cache, at) = (cache(), NumericDate::from_secs(1000));
        cache.insert(&"t".into(), accepted("alice", None), at);
        cache.insert(&"t".into(), rejected(TokenFault::Inactive), at);
        assert_eq!(get(&cache, 1000), Some(Err(TokenFault::Inactive)));
        assert_eq!(get(&cache, 1006), None);
        cache.insert(&"t".into(), accepted("alice", None), at);
        assert_eq!(get(&cache, 1000), Some(Ok(())));
    }

    #[test]
    fn unknown_tokens_do_not_evict_valid_ones() {
        let (cache, at) = (cache(), NumericDate::from_secs(1000));
        cache.insert(&"t".into(), accepted("alice", None), at);
        for token in 0..1000 {
            cache.insert(&token.to_string().into(), rejected(TokenFault::Inactive), at);
        }
        assert_eq!(get(&cache, 1000), Some(Ok(())));
        assert!(cache.rejected.len() <= 10);
    }

    #[test]
    fn the_number_of_accepted_tokens_is_bounded() {
        let (cache, at) = (cache(), NumericDate::from_secs(1000));
        for token in 0..1000 {
            cache.insert(&token.to_string().into(), accepted("alice", None), at);
        }
        assert!(cache.accepted.len() <= 10);
        let long = "a".repeat(MAX_TOKEN + 1);
        cache.insert(&long.as_str().into(), accepted("alice", None), at);
        assert!(cache.get(&long, at).is_none());
    }

    #[test]
    fn without_a_cache_time_nothing_is_cached() {
        let cache = IntrospectionCache::new(10, Duration::ZERO, Duration::ZERO);
        for outcome in [accepted("alice", None), rejected(TokenFault::Inactive)] {
            cache.insert(&"t".into(), outcome, NumericDate::from_secs(1000));
            assert_eq!(get(&cache, 1000), None);
        }
    }
}
