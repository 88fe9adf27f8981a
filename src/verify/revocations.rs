//! The list of what has been revoked, checked on every request.

use std::{
    fmt,
    future::ready,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    RevokeFuture,
    revocation::{Revocation, Target},
    revocation_keys::keys_of,
    revocation_list::{Entry, EntryKey, RevocationList, seconds},
};
use crate::{
    Clock, ConfigError, Identity, SystemClock, TokenFault,
    claims::NumericDate,
    jose::{
        base64url,
        json::{self, Value},
    },
    telemetry,
};

/// The default bound on entries.
const MAX_ENTRIES: usize = 1_000_000;

/// The default lifetime of a revocation whose tokens have no known `exp`.
const TOKEN_LIFETIME: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// Added to the `exp` of a revoked token, because verifiers accept it a little longer.
const MARGIN: Duration = Duration::from_secs(10 * 60);

/// Numbers every change of any list, so that no two lists ever have the same generation.
static NEXT_GENERATION: AtomicU64 = AtomicU64::new(1);

/// A list of revoked tokens, token ids, subjects, sessions and clients.
///
/// Every verifier checks one on every request, also for cached tokens, so a revoked token is rejected from the
/// next request on, until it would have expired. Each verifier has a list of its own unless it is given one;
/// clones are the same list.
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
/// their expiry are evicted, which is logged as an error and counted in [`evicted`](Self::evicted): their
/// tokens are accepted again. A check takes a few nanoseconds: the list is looked up only when it has changed
/// since the token was last checked.
#[derive(Clone)]
pub struct Revocations(Arc<Shared>);

struct Shared {
    list: RwLock<RevocationList>,
    /// Zero as long as nothing has been revoked.
    generation: AtomicU64,
    evicted: AtomicU64,
    token_lifetime: Duration,
    clock: Arc<dyn Clock>,
}

/// Makes [`Revocations`].
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
}

impl RevocationsBuilder {
    /// Sets the maximum number of entries, at 52 bytes each. 1,000,000 by default.
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries;
        self
    }

    /// Sets the longest lifetime of a token: how long a revocation is kept whose tokens have no known `exp`.
    /// 31 days by default. A token that lives longer is accepted again afterwards.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Sets the clock. [`SystemClock`] by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Builds the list.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if there is no room for an entry, or no lifetime.
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
        }
    }
}

impl Revocations {
    /// Creates an empty list with the default bounds.
    #[must_use]
    pub fn new() -> Self {
        Self::with(RevocationsBuilder::default())
    }

    /// Creates a builder.
    pub fn builder() -> RevocationsBuilder {
        RevocationsBuilder::default()
    }

    /// Creates an empty list for a verifier that was given none.
    pub(crate) fn for_clock(clock: &Arc<dyn Clock>) -> Self {
        Self::with(RevocationsBuilder { clock: Arc::clone(clock), ..RevocationsBuilder::default() })
    }

    fn with(builder: RevocationsBuilder) -> Self {
        let RevocationsBuilder { max_entries, token_lifetime, clock } = builder;
        Self(Arc::new(Shared {
            list: RwLock::new(RevocationList::new(max_entries)),
            generation: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
            token_lifetime,
            clock,
        }))
    }

    /// Revokes tokens. The revocation takes effect in this process at once, before the future is polled.
    ///
    /// # Errors
    ///
    /// None as long as the list isn't shared.
    #[must_use = "the future reports whether other replicas know of the revocation"]
    pub fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        let (key, entry) = self.0.entry(revocation);
        self.0.insert(key, entry);
        Box::pin(ready(Ok(())))
    }

    /// Returns the number of entries, expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.list.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Returns whether nothing is revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many entries were evicted because the list was full, although their tokens hadn't expired.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.0.evicted.load(Ordering::Relaxed)
    }

    /// Rejects a token that this list or the `other` one revokes. `token` is the text that `identity` was
    /// verified from.
    pub(crate) fn check(
        &self,
        other: Option<&Self>,
        token: &[u8],
        identity: &Identity,
    ) -> Result<(), TokenFault> {
        let lists = || [Some(self), other].into_iter().flatten();
        // The sum tells whether any of them has changed, because each generation only grows.
        let generation = lists().fold(0_u64, |sum, list| sum.wrapping_add(list.generation()));
        let state = identity.revocation_state();
        // Zero means that nothing has been revoked.
        if generation == 0 || state.has_passed(generation) {
            return Ok(());
        }
        if lists().any(|list| list.0.is_revoked(token, identity)) {
            return Err(TokenFault::Revoked);
        }
        // The generation from before the look-up, because a later revocation has another one.
        state.pass(generation);
        Ok(())
    }

    /// Returns whether anything was ever revoked.
    #[cfg(feature = "own-tokens")]
    pub(crate) fn is_used(&self) -> bool {
        self.generation() != 0
    }

    fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }
}

impl Shared {
    fn is_revoked(&self, token: &[u8], identity: &Identity) -> bool {
        let keys = identity.revocation_state().keys(|| {
            // What isn't UTF-8 was never a token.
            keys_of(str::from_utf8(token).unwrap_or_default(), identity)
        });
        let (issued_at, now) = (identity.registered().issued_at, seconds(self.now()));
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        keys.iter().flatten().any(|key| list.is_revoked(&EntryKey(*key), issued_at, now))
    }

    fn entry(&self, revocation: &Revocation) -> (EntryKey, Entry) {
        let now = self.now();
        let expires_at = match (revocation.expires_at, revocation.target) {
            (Some(time), _) => Some(NumericDate::from_system_time(time)),
            (None, Target::Token) => expiry_of(&revocation.value),
            (None, _) => None,
        };
        let expires_at = match expires_at {
            Some(time) => time.saturating_add(MARGIN),
            None => now.saturating_add(self.token_lifetime),
        };
        let issued_before = match (revocation.target, revocation.issued_before) {
            (Target::Client | Target::Subject, Some(time)) => {
                seconds(NumericDate::from_system_time(time))
            }
            // Tokens that are issued within this second may be either: they are revoked.
            (Target::Client | Target::Subject, None) => seconds(now).saturating_add(1),
            _ => Entry::ALWAYS,
        };
        (revocation.key(), Entry { expires_at: seconds(expires_at), issued_before })
    }

    fn insert(&self, key: EntryKey, entry: Entry) {
        let now = seconds(self.now());
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        let inserted = list.insert(key, entry, now);
        // Under the lock, so that whoever sees the generation sees the entry.
        let generation = NEXT_GENERATION.fetch_add(1, Ordering::Relaxed);
        self.generation.store(generation, Ordering::Release);
        let entries = list.len();
        drop(list);
        if inserted.evicted > 0 {
            let evicted = u64::try_from(inserted.evicted).unwrap_or(u64::MAX);
            self.evicted.fetch_add(evicted, Ordering::Relaxed);
            telemetry::revocations_evicted(evicted, entries);
        }
    }

    fn now(&self) -> NumericDate {
        NumericDate::from_system_time(self.clock.now())
    }
}

/// Reads the `exp` of a token that has the form of a JWT. It isn't verified: a token whose signature is wrong
/// is rejected whether it is on the list or not.
fn expiry_of(token: &str) -> Option<NumericDate> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let text = String::from_utf8(base64url::decode(payload)?).ok()?;
    match json::object(&text, |_, _| ()).ok()?.find("exp")? {
        Value::Number(number) => NumericDate::from_secs_f64(number.as_f64()?),
        _ => None,
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
