//! The revocation list, which is checked on every request.

use std::{fmt, future::ready, sync::Arc, time::Duration};

#[cfg(feature = "shared-revocations")]
use super::revocation_store::{OutagePolicy, RevocationStore};
use super::{
    RevokeFuture,
    revocation::Revocation,
    revocation_ledger::Ledger,
    revocation_readiness::RevocationReadiness,
    sharing::{SharedStore, Sharing},
};
use crate::{Clock, ConfigError, Error, Identity, clock::SystemClock, error::TokenFault};

/// The default maximum number of entries.
const MAX_ENTRIES: usize = 1_000_000;

/// The default lifetime of a revocation if the `exp` of its tokens isn't known.
const TOKEN_LIFETIME: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// A list of revoked tokens, token ids, subjects, sessions and clients.
///
/// Every verifier checks its list on every request, for cached tokens as well, so a revoked token is rejected
/// from the next request on, until it would have expired. Each verifier has a separate list unless you set
/// one. Clones share the same list.
///
/// ```
/// # #[cfg(all(feature = "_jwt", feature = "testing"))]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{HeaderMap, header::AUTHORIZATION};
/// use portcullis::{BearerToken, Verify, testing::TestIssuer, verify::{Revocation, Revocations}};
///
/// let revocations = Revocations::new();
/// let issuer = TestIssuer::new();
/// let verifier =
///     issuer.verifier().audience("https://api.example").revocations(revocations.clone()).build()?;
///
/// let token = issuer.token().audience("https://api.example").mint();
/// let mut headers = HeaderMap::new();
/// headers.insert(AUTHORIZATION, format!("Bearer {token}").parse()?);
/// assert!(verifier.verify(BearerToken::from_headers(&headers)?).wait().await.is_ok());
///
/// revocations.revoke(&Revocation::token(token)).await?;
/// let error = verifier.verify(BearerToken::from_headers(&headers)?).wait().await.unwrap_err();
/// assert_eq!(error.kind().description(), "Token revoked.");
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "_jwt", feature = "testing")))]
/// # fn main() {}
/// ```
///
/// # Bounds
///
/// The list holds at most 1,000,000 entries (about 52 MB) by default. When it is full, the entries closest to
/// their expiry are evicted, and their tokens are accepted again. This is logged as an error and counted in
/// [`evicted`](Self::evicted). A check takes a few nanoseconds, because a token is looked up only if the list
/// has changed since the token was last checked.
///
/// # Replicas
///
/// The list is in the memory of one process, unless replicas share it through a store: see
#[cfg_attr(feature = "shared-revocations", doc = "[`RevocationsBuilder::shared`].")]
#[cfg_attr(
    not(feature = "shared-revocations"),
    doc = "the features `redis` and `shared-revocations`."
)]
#[derive(Clone)]
pub struct Revocations {
    ledger: Arc<Ledger>,
    sharing: Option<Arc<Sharing>>,
}

/// A builder for [`Revocations`].
///
/// ```
/// use std::time::Duration;
///
/// use portcullis::verify::Revocations;
///
/// let revocations = Revocations::builder()
///     .max_entries(100_000)
///     .token_lifetime(Duration::from_secs(24 * 60 * 60))
///     .build()?;
/// assert!(revocations.is_empty());
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct RevocationsBuilder {
    max_entries: usize,
    token_lifetime: Duration,
    clock: Arc<dyn Clock>,
    store: SharedStore,
}

impl RevocationsBuilder {
    /// Sets the maximum number of entries, which take 52 bytes each. The default is 1,000,000.
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries;
        self
    }

    /// Sets the maximum lifetime of a token, which determines how long a revocation is kept if the `exp` of
    /// its tokens isn't known. The default is 31 days. A token with a longer lifetime is accepted again
    /// after that.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Sets the clock. The default is [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Shares the list with other replicas, through a store such as [`RedisRevocations`].
    ///
    /// A background task reads the store. It needs a tokio runtime, so it starts with the first
    /// request or revocation, or with [`Revocations::warm_up`].
    ///
    /// [`RedisRevocations`]: crate::redis::RedisRevocations
    #[cfg(feature = "shared-revocations")]
    pub fn shared(mut self, store: impl RevocationStore) -> Self {
        self.store.store = Some(Arc::new(store));
        self
    }

    /// Sets what happens to requests while the [shared](Self::shared) store is unreachable. The default is
    /// [`OutagePolicy::Serve`].
    #[cfg(feature = "shared-revocations")]
    pub fn outage(mut self, outage: OutagePolicy) -> Self {
        self.store.outage = outage;
        self
    }

    /// Builds the list.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if [`max_entries`](Self::max_entries) or
    /// [`token_lifetime`](Self::token_lifetime) is zero.
    pub fn build(self) -> Result<Revocations, ConfigError> {
        if self.max_entries == 0 {
            return Err(ConfigError::new("revocation entries", "0", "at least one is needed"));
        }
        if self.token_lifetime.is_zero() {
            return Err(ConfigError::new("token lifetime", "0", "must be longer than zero"));
        }
        Ok(Revocations::with(self))
    }
}

impl Default for RevocationsBuilder {
    fn default() -> Self {
        Self {
            max_entries: MAX_ENTRIES,
            token_lifetime: TOKEN_LIFETIME,
            clock: Arc::new(SystemClock),
            store: SharedStore::default(),
        }
    }
}

impl Revocations {
    /// Creates an empty list with the default bounds.
    #[must_use]
    pub fn new() -> Self {
        Self::with(RevocationsBuilder::default())
    }

    /// Creates a builder with the default bounds.
    pub fn builder() -> RevocationsBuilder {
        RevocationsBuilder::default()
    }

    /// Creates an empty list for a verifier for which none was set.
    pub(crate) fn for_clock(clock: &Arc<dyn Clock>) -> Self {
        Self::with(RevocationsBuilder { clock: Arc::clone(clock), ..RevocationsBuilder::default() })
    }

    fn with(builder: RevocationsBuilder) -> Self {
        let ledger =
            Arc::new(Ledger::new(builder.max_entries, builder.token_lifetime, builder.clock));
        let sharing = builder.store.share(&ledger);
        Self { ledger, sharing }
    }

    /// Revokes tokens. The revocation takes effect in this process immediately, before the future is polled and
    /// even if it is dropped. If the list is shared, the future completes once the store has the revocation.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the shared store is unreachable.
    /// The revocation is in effect in this process, and reaches the other replicas once the store is reachable
    /// again.
    #[must_use = "the future reports whether other replicas know of the revocation"]
    pub fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        let entry = self.ledger.entry(revocation);
        self.ledger.insert(&[entry]);
        match &self.sharing {
            Some(sharing) => sharing.publish(entry),
            None => Box::pin(ready(Ok(()))),
        }
    }

    /// Waits until the list has been read from the shared store, for at most two seconds. Completes immediately
    /// if the list isn't shared, or is up to date.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the store couldn't be read. The
    /// background task tries again.
    pub async fn warm_up(&self) -> Result<(), Error> {
        match &self.sharing {
            Some(sharing) => sharing.warm_up().await,
            None => Ok(()),
        }
    }

    /// Returns the state of the list, for health checks.
    #[must_use]
    pub fn readiness(&self) -> RevocationReadiness {
        let readiness = RevocationReadiness {
            entries: self.len(),
            evicted: self.evicted(),
            ..RevocationReadiness::default()
        };
        match &self.sharing {
            Some(sharing) => sharing.readiness(&readiness),
            None => readiness,
        }
    }

    /// Returns the number of entries, expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ledger.len()
    }

    /// Returns whether nothing is revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many entries were evicted because the list was full, although their tokens hadn't expired.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.ledger.evicted()
    }

    /// Rejects a token that is revoked in this list or in the `other` one, or that could not be checked.
    /// `token` is the text from which `identity` was verified.
    pub(crate) fn check(
        &self,
        other: Option<&Self>,
        token: &[u8],
        identity: &Identity,
    ) -> Result<(), Error> {
        let lists = || [Some(self), other].into_iter().flatten();
        // The sum changes if either generation changes, because generations only increase.
        let generation = lists().fold(0_u64, |sum, list| sum.wrapping_add(list.generation()));
        let state = identity.revocation_state();
        // Zero means that nothing has been revoked.
        if generation == 0 || state.has_passed(generation) {
            return Ok(());
        }
        // The beginning and the end of an outage each start a generation, so this is checked again after
        // them.
        lists().filter_map(|list| list.sharing.as_ref()).try_for_each(Sharing::admit)?;
        if lists().any(|list| list.ledger.is_revoked(token, identity)) {
            return Err(TokenFault::Revoked.into());
        }
        // The generation from before the look-up: a revocation during the look-up has a later one.
        state.pass(generation);
        Ok(())
    }

    /// Returns whether anything was ever revoked, or may be revoked by another replica.
    #[cfg(feature = "own-tokens")]
    pub(crate) fn is_used(&self) -> bool {
        self.generation() != 0
    }

    fn generation(&self) -> u64 {
        self.ledger.generation()
    }
}

impl Default for Revocations {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations")
            .field("entries", &self.len())
            .field("evicted", &self.evicted())
            .finish_non_exhaustive()
    }
}
