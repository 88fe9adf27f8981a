//! The configuration of an [`OwnTokenVerifier`].

use std::{fmt, sync::Arc};

use super::{OwnTokenFormat, OwnTokenVerifier, TokenStore, use_queue::UseQueue, verifier::Inner};
use crate::{Clock, ConfigError, SystemClock, verify::Revocations};

/// Configures an [`OwnTokenVerifier`].
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
    clock: Arc<dyn Clock>,
    revocations: Option<Revocations>,
}

impl OwnTokenVerifierBuilder {
    pub(super) fn new(format: OwnTokenFormat, store: impl TokenStore) -> Self {
        Self {
            format,
            store: Arc::new(store),
            issuer: None,
            clock: Arc::new(SystemClock),
            revocations: None,
        }
    }

    /// Sets [`Identity::issuer`](crate::Identity::issuer) of verified tokens, so that handlers can tell
    /// them from the tokens of other issuers. None by default; must not be empty.
    pub fn issuer(mut self, issuer: impl Into<Arc<str>>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets the clock for the expiry of tokens and the times of their uses. [`SystemClock`] by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the list of revoked tokens, for a list that verifiers or replicas share. By default the verifier has
    /// its own list. It is checked on every request, after the store.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the issuer is empty.
    pub fn build(self) -> Result<OwnTokenVerifier, ConfigError> {
        if self.issuer.as_deref() == Some("") {
            return Err(ConfigError::new("issuer", "", "must not be empty"));
        }
        Ok(OwnTokenVerifier::new(Inner {
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
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
