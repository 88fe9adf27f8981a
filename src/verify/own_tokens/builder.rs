//! The configuration of an [`OwnTokenVerifier`].

use std::{fmt, sync::Arc, time::Duration};

use super::{
    OwnTokenFormat, OwnTokenVerifier, TokenStore, lookups::Lookups, use_queue::UseQueue,
    verifier::Inner,
};
use crate::{Clock, ConfigError, clock::SystemClock, verify::Revocations};

/// The maximum of `cache_unknown_for`.
const MAX_CACHE_UNKNOWN: Duration = Duration::from_secs(60);

/// A builder for [`OwnTokenVerifier`].
///
/// ```
/// use portcullis::{OwnTokenVerifier, own_tokens::{MemoryTokenStore, OwnTokenFormat}};
///
/// let format = OwnTokenFormat::new("hcms_pat")?;
/// let builder = || OwnTokenVerifier::builder(format.clone(), MemoryTokenStore::new());
/// assert!(builder().issuer("https://cms.example").build().is_ok());
///
/// let error = builder().issuer("").build().unwrap_err();
/// assert_eq!(error.to_string(), "issuer ``: must not be empty");
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
#[must_use]
pub struct OwnTokenVerifierBuilder {
    format: OwnTokenFormat,
    store: Arc<dyn TokenStore>,
    issuer: Option<Arc<str>>,
    max_lookups: usize,
    cache_unknown_for: Duration,
    clock: Arc<dyn Clock>,
    revocations: Option<Revocations>,
}

impl OwnTokenVerifierBuilder {
    pub(super) fn new(format: OwnTokenFormat, store: impl TokenStore) -> Self {
        Self {
            format,
            store: Arc::new(store),
            issuer: None,
            max_lookups: 100,
            cache_unknown_for: Duration::from_secs(2),
            clock: Arc::new(SystemClock),
            revocations: None,
        }
    }

    /// Sets the [`Identity::issuer`](crate::Identity::issuer) of verified tokens, so that handlers can
    /// distinguish them from the tokens of other issuers. It must not be empty. By default, there is no
    /// issuer.
    pub fn issuer(mut self, issuer: impl Into<Arc<str>>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Limits the number of concurrent look-ups in the store. It must be at least 1; the default is 100.
    ///
    /// Up to ten times as many look-ups wait. A request beyond that is rejected with 503 and
    /// `Retry-After: 1`. Tokens that were valid within the last 24 hours have a separate limit of the
    /// same size, so a flood of random tokens doesn't affect them.
    pub fn max_lookups(mut self, lookups: usize) -> Self {
        self.max_lookups = lookups;
        self
    }

    /// Sets how long a token that the store doesn't know is rejected without another look-up. The default
    /// is 2 seconds, and the maximum one minute; zero disables this cache.
    ///
    /// A longer time delays the effect of a token that is created after it was first presented, for
    /// example because a replica of the database lags behind.
    pub fn cache_unknown_for(mut self, time: Duration) -> Self {
        self.cache_unknown_for = time;
        self
    }

    /// Sets the clock for the caches, the expiry of tokens and the times of their uses. The default is
    /// [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the revocation list, for a list that verifiers or replicas share. By default, the verifier has a
    /// separate list. It is checked on every request, after the store.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if the issuer is empty, or if [`max_lookups`](Self::max_lookups) or
    /// [`cache_unknown_for`](Self::cache_unknown_for) is out of range.
    pub fn build(self) -> Result<OwnTokenVerifier, ConfigError> {
        if self.issuer.as_deref() == Some("") {
            return Err(ConfigError::new("issuer", "", "must not be empty"));
        }
        if self.cache_unknown_for > MAX_CACHE_UNKNOWN {
            let value = format!("{} s", self.cache_unknown_for.as_secs_f64());
            return Err(ConfigError::new("cache_unknown_for", value, "must be at most 60 seconds"));
        }
        Ok(OwnTokenVerifier::new(Inner {
            lookups: Lookups::new(self.max_lookups, self.cache_unknown_for)?,
            format: self.format,
            uses: UseQueue::new(Arc::clone(&self.store)),
            store: self.store,
            revocations: self.revocations.unwrap_or_else(|| Revocations::for_clock(&self.clock)),
            clock: self.clock,
            issuer: self.issuer,
        }))
    }
}

impl fmt::Debug for OwnTokenVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnTokenVerifierBuilder")
            .field("format", &self.format)
            .field("issuer", &self.issuer)
            .field("max_lookups", &self.max_lookups)
            .field("cache_unknown_for", &self.cache_unknown_for)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own_tokens::MemoryTokenStore;

    #[test]
    fn values_out_of_range_are_rejected_by_name() {
        let format = OwnTokenFormat::new("hcms_pat").unwrap();
        let builder = || OwnTokenVerifier::builder(format.clone(), MemoryTokenStore::new());
        let second = Duration::from_secs(1);
        for (builder, expected) in [
            (builder().max_lookups(1).cache_unknown_for(Duration::ZERO), None),
            (builder().cache_unknown_for(60 * second), None),
            (
                builder().cache_unknown_for(61 * second),
                Some("cache_unknown_for `61 s`: must be at most 60 seconds"),
            ),
            (builder().issuer(""), Some("issuer ``: must not be empty")),
        ] {
            let error = builder.build().err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected);
        }
        for lookups in [0, usize::MAX, usize::MAX / 11] {
            let error = builder().max_lookups(lookups).build().unwrap_err();
            assert_eq!((error.what(), error.value()), ("max_lookups", &*lookups.to_string()));
        }
    }
}
