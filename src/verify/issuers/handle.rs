//! Issuers that are replaced while the service runs.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;

use super::{Issuers, IssuersBuilder, dispatcher::Dispatcher, succession::succeed};
use crate::{
    BearerToken, ConfigError, Error, Identity, Verification, Verify,
    credentials::RequestHead,
    verify::{Explanation, Findings, Readiness, Revocation, RevokeFuture, VerificationState},
};

/// A handle to [`Issuers`] that can be replaced as a whole while the service runs: tenants that come and go,
/// configuration that is reloaded. Clones are the same handle.
///
/// A request is verified by the issuers that are current when it arrives. After a replacement:
///
/// - An entry that stays keeps its keys and its cached tokens. An entry stays if both sets have clones of the same
///   [`JwtVerifier`](crate::JwtVerifier), or if both were configured by
///   [data](crate::configuration) that is equal.
/// - Tokens of an entry that was removed or changed are verified by the new set from the next request on, and so are those
///   that were waiting for keys. The keys and cached tokens of the old entry are dropped, and so is a revocation list that
///   only its verifier had.
/// - What was revoked by [`revoke`](Self::revoke) stays revoked, unless the new set was configured with another list.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
/// use portcullis::{BearerToken, Issuers, Verify, issuers::IssuersHandle, testing::TestIssuer};
///
/// const API: &str = "https://api.example";
///
/// let (one, two) = (TestIssuer::named("https://one.example"), TestIssuer::named("https://two.example"));
/// let (trusted, other) =
///     (one.verifier().audience(API).build()?, two.verifier().audience(API).build()?);
/// let both = Issuers::builder().trust(trusted.clone()).trust(other).build()?;
/// let handle = IssuersHandle::new(both);
/// // let layer = AuthenticateLayer::bearer(handle.clone());
///
/// let token = two.token().audience(API).mint();
/// # let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?)]);
/// # let token = BearerToken::from_headers(&headers)?;
/// assert!(handle.verify(token.clone()).wait().await.is_ok());
/// handle.replace(&Issuers::builder().trust(trusted).build()?);
/// assert!(handle.verify(token).wait().await.is_err());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
///
/// The [metadata of a protected resource](crate::ProtectedResource) lists the issuers that were current when its layer was
/// built, unless they are configured there.
#[derive(Clone)]
pub struct IssuersHandle(Arc<Shared>);

struct Shared {
    current: ArcSwap<Dispatcher>,
    /// Held by replacements, each of which depends on what is current.
    replacing: Mutex<()>,
}

impl IssuersHandle {
    /// Creates a handle to these issuers.
    #[must_use]
    pub fn new(issuers: Issuers) -> Self {
        Self(Arc::new(Shared { current: ArcSwap::new(issuers.0), replacing: Mutex::new(()) }))
    }

    /// Returns the current issuers. They stay the same when they are replaced here.
    #[must_use]
    pub fn current(&self) -> Issuers {
        Issuers(self.0.current.load_full())
    }

    /// Replaces the issuers, in effect for every request that arrives after this has returned.
    ///
    /// This copies the cached tokens of entries that stay if others don't: some milliseconds for a full cache of the
    /// default size, during which requests are still verified by the issuers before.
    pub fn replace(&self, next: &Issuers) {
        let _replacing = self.0.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        self.install(next);
    }

    /// Replaces the issuers by a changed set: `change` gets a builder with the current entries.
    ///
    /// ```
    /// use portcullis::{Issuers, JwtVerifier, issuers::IssuersHandle};
    ///
    /// let builder = |issuer| JwtVerifier::builder(issuer).audience("https://api.example");
    /// let handle = IssuersHandle::new(
    ///     Issuers::builder().trust(builder("https://one.example").build()?).build()?,
    /// );
    /// let two = builder("https://two.example").build()?;
    /// handle.update(|issuers| issuers.trust(two))?;
    /// assert_eq!(handle.readiness().len(), 2);
    /// handle.update(|issuers| issuers.distrust("https://one.example"))?;
    /// assert_eq!(handle.readiness().len(), 1);
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] as for [`IssuersBuilder::build`]. Nothing changes then.
    pub fn update(
        &self,
        change: impl FnOnce(IssuersBuilder) -> IssuersBuilder,
    ) -> Result<(), ConfigError> {
        let _replacing = self.0.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let next = change(self.current().to_builder()).build()?;
        self.install(&next);
        Ok(())
    }

    /// Fetches the keys of each current issuer that has none yet: see [`Issuers::warm_up`].
    ///
    /// # Errors
    ///
    /// As for [`Issuers::warm_up`].
    pub async fn warm_up(&self) -> Result<(), Error> {
        self.current().warm_up().await
    }

    /// Revokes tokens of every issuer: see [`Issuers::revoke`].
    ///
    /// # Errors
    ///
    /// As for [`Issuers::revoke`].
    #[must_use = "whether the revocation took effect is known when the future completes"]
    pub fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        self.current().revoke(revocation)
    }

    /// Removes a tenant with its keys and its cached tokens: see [`Issuers::forget_tenant`].
    pub fn forget_tenant(&self, issuer: &str) {
        self.current().forget_tenant(issuer);
    }

    /// Verifies a token as a request would, and explains the outcome: see [`Issuers::explain`].
    pub async fn explain(&self, token: &str) -> Explanation {
        self.current().explain(token).await
    }

    /// Returns whether the keys of each current issuer are available, in the order of trust, without tenants.
    #[must_use]
    pub fn readiness(&self) -> Vec<Readiness> {
        self.current().readiness()
    }

    fn install(&self, next: &Issuers) {
        let current = self.0.current.load_full();
        self.0.current.store(Arc::new(succeed(&current, &next.0)));
    }

    /// Has a token verified again if the issuers were replaced while it was verified.
    fn confirm(
        &self,
        issuers: Issuers,
        token: BearerToken<'_>,
        verification: Verification,
    ) -> Verification {
        match verification.0 {
            VerificationState::Ready(verdict) => Verification::ready(verdict),
            VerificationState::Pending(pending) => {
                let (handle, token) = (self.clone(), token.into_owned());
                Verification::pending(async move {
                    let verdict = pending.await;
                    if verdict.is_err() || handle.is_current(&issuers) {
                        return verdict;
                    }
                    // Replaced meanwhile: the issuers of today decide.
                    handle.current().verify(token).wait().await
                })
            }
        }
    }

    fn is_current(&self, issuers: &Issuers) -> bool {
        Arc::ptr_eq(&self.0.current.load(), &issuers.0)
    }
}

impl Verify<BearerToken<'_>> for IssuersHandle {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        match self.cached(token.as_str().as_bytes()) {
            Some(identity) => Verification::ready(Ok(identity)),
            None => self.verify_uncached(token),
        }
    }

    fn cached(&self, token: &[u8]) -> Option<Identity> {
        self.0.current.load().cache.get(token)
    }

    fn verify_uncached(&self, token: BearerToken<'_>) -> Verification {
        let issuers = self.current();
        let verification = issuers.verify_uncached(token.clone());
        self.confirm(issuers, token, verification)
    }

    fn verify_request(&self, token: BearerToken<'_>, request: &RequestHead<'_>) -> Verification {
        let issuers = self.current();
        let verification = issuers.verify_request(token.clone(), request);
        self.confirm(issuers, token, verification)
    }

    fn findings(&self, token: BearerToken<'_>, rejection: Option<&Error>) -> Findings {
        self.current().findings(token, rejection)
    }

    /// The current issuers in the order of configuration, without tenants.
    fn issuers(&self) -> Vec<String> {
        self.current().issuers()
    }

    fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        Self::revoke(self, revocation)
    }
}

impl fmt::Debug for IssuersHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IssuersHandle").field(&self.current()).finish()
    }
}
