//! Issuers that can be replaced while the service runs.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;

use super::{Issuers, IssuersBuilder, dispatcher::Dispatcher, succession::succeed};
use crate::{
    BearerToken, ConfigError, Error, Identity, Verification, Verify,
    credentials::RequestHead,
    verify::{
        DoctorFuture, DoctorReport, Explanation, Findings, Readiness, Revocation, RevokeFuture,
        VerificationState,
    },
};

/// A handle to [`Issuers`] that can be replaced as a whole while the service runs, for example when the
/// configuration is reloaded. Clones refer to the same issuers.
///
/// A token is verified by the issuers that are current when its request arrives. After a
/// replacement:
///
/// - An entry that is in both sets keeps its keys and its cached tokens. This requires clones of the same
///   [`JwtVerifier`](crate::JwtVerifier), or equal [data](crate::configuration) from which both were
///   configured.
/// - Tokens of an entry that was removed or changed are verified by the new set from the next request on. This
///   includes tokens that were waiting for keys. The keys and cached tokens of the old entry are dropped, and
///   so is a revocation list that only its verifier had.
/// - Tokens that were revoked with [`revoke`](Self::revoke) stay revoked, unless the new set was configured
///   with a different list.
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
/// The [metadata of a protected resource](crate::ProtectedResource) lists the issuers that were current when
/// its layer was built, unless they are configured explicitly.
#[derive(Clone)]
pub struct IssuersHandle(Arc<Shared>);

struct Shared {
    current: ArcSwap<Dispatcher>,
    /// Held during a replacement, because it depends on the current issuers.
    replacing: Mutex<()>,
}

impl IssuersHandle {
    /// Creates a handle to these issuers.
    #[must_use]
    pub fn new(issuers: Issuers) -> Self {
        Self(Arc::new(Shared { current: ArcSwap::new(issuers.0), replacing: Mutex::new(()) }))
    }

    /// Returns the current issuers. A later replacement doesn't affect the returned value.
    #[must_use]
    pub fn current(&self) -> Issuers {
        Issuers(self.0.current.load_full())
    }

    /// Replaces the issuers. This takes effect for every request that arrives after the method has
    /// returned.
    ///
    /// If entries are removed, the cached tokens of the others are copied. With a full cache of the default
    /// size, this takes a few milliseconds, during which requests are still verified by the previous issuers.
    pub fn replace(&self, next: &Issuers) {
        let _replacing = self.0.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        self.install(next);
    }

    /// Replaces the issuers with a modified set. `change` receives a builder with the current
    /// entries.
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
    /// Returns the same [`ConfigError`] as [`IssuersBuilder::build`]. In that case, the issuers
    /// aren't replaced.
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
    /// The same as for [`Issuers::warm_up`].
    pub async fn warm_up(&self) -> Result<(), Error> {
        self.current().warm_up().await
    }

    /// Revokes tokens of every issuer: see [`Issuers::revoke`].
    ///
    /// # Errors
    ///
    /// The same as for [`Issuers::revoke`].
    #[must_use = "whether the revocation took effect is known when the future completes"]
    pub fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        self.current().revoke(revocation)
    }

    /// Removes a tenant with its keys and its cached tokens: see [`Issuers::forget_tenant`].
    pub fn forget_tenant(&self, issuer: &str) {
        self.current().forget_tenant(issuer);
    }

    /// Verifies a token as for a request, and explains the outcome: see [`Issuers::explain`].
    pub async fn explain(&self, token: &str) -> Explanation {
        self.current().explain(token).await
    }

    /// Asks each current issuer and endpoint what a verification would ask: see [`Issuers::doctor`].
    pub async fn doctor(&self) -> DoctorReport {
        self.current().doctor().await
    }

    /// Resolves a tenant, and asks its issuer for metadata and keys: see [`Issuers::doctor_tenant`].
    pub async fn doctor_tenant(&self, tenant: &str) -> DoctorReport {
        self.current().doctor_tenant(tenant).await
    }

    /// Returns the state of the keys of each current issuer, in the order of configuration, without tenants.
    #[must_use]
    pub fn readiness(&self) -> Vec<Readiness> {
        self.current().readiness()
    }

    fn install(&self, next: &Issuers) {
        let current = self.0.current.load_full();
        self.0.current.store(Arc::new(succeed(&current, &next.0)));
    }

    /// Verifies a token again if the issuers were replaced while it was being verified.
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
                    // The issuers were replaced in the meantime, so the current ones decide.
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
        match self.cached(token.as_bytes()) {
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

    fn doctor(&self) -> DoctorFuture {
        Verify::doctor(&self.current())
    }

    /// Returns the current issuers in the order of configuration, without tenants.
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
