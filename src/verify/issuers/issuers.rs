//! The verifier for tokens of multiple issuers.

use std::{fmt, sync::Arc};

use super::{
    IssuersBuilder,
    dispatcher::{Dispatch, Dispatcher, Resolution},
    tenants::Tenants,
};
use crate::{
    BearerToken, Error, Identity, Verification, Verify,
    credentials::RequestHead,
    error::{Finding, TokenFault},
    verify::{
        DoctorFuture, DoctorReport, Explanation, Findings, Readiness, Revocation, RevokeFuture,
        explain,
        jwt::{Attempt, Interrupt, Issuer, UnverifiedToken},
    },
};

/// A verifier for JWT access tokens of multiple issuers, each with its own rules and keys.
///
/// A token is verified only by the issuer that exactly matches its `iss`. Keys, fetches and failures of one
/// issuer don't affect the others.
///
/// ```
/// use portcullis::{AuthenticateLayer, Issuers, JwtVerifier};
///
/// const API: &str = "https://api.example";
///
/// let issuers = Issuers::builder()
///     .trust(JwtVerifier::builder("https://login.example").audience(API).build()?)
///     .trust(JwtVerifier::builder("https://partner.example").audience(API).build()?)
///     .build()?;
/// assert_eq!(issuers.readiness().len(), 2);
/// let layer = AuthenticateLayer::bearer(issuers);
/// # let _ = layer;
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// Tokens that aren't JWTs are dispatched by their form: tokens with a configured
/// [`prefix`](IssuersBuilder::prefix) to the verifier of that prefix, and all others to
/// [`opaque`](IssuersBuilder::opaque). A token is never tried with one verifier after another.
#[derive(Clone)]
pub struct Issuers(pub(super) Arc<Dispatcher>);

impl Issuers {
    /// Creates a builder without issuers.
    pub fn builder() -> IssuersBuilder {
        IssuersBuilder::default()
    }

    pub(super) fn new(dispatcher: Dispatcher) -> Self {
        Self(Arc::new(dispatcher))
    }

    /// Returns a builder with the same issuers, verifiers, tenants and revocation list, to create a modified
    /// set ([`IssuersHandle`](super::IssuersHandle)). Keys and caches are shared with these issuers.
    ///
    /// ```
    /// use portcullis::{Issuers, JwtVerifier};
    ///
    /// let issuers = Issuers::builder()
    ///     .trust(JwtVerifier::builder("https://one.example").audience("https://api.example").build()?)
    ///     .trust(JwtVerifier::builder("https://two.example").audience("https://api.example").build()?)
    ///     .build()?;
    /// let fewer = issuers.to_builder().distrust("https://one.example").build()?;
    /// assert_eq!(fewer.readiness()[0].issuer(), "https://two.example");
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    pub fn to_builder(&self) -> IssuersBuilder {
        IssuersBuilder::of(&self.0)
    }

    /// Fetches the keys of each issuer that has none yet, concurrently. Tenants are not included,
    /// because they are resolved on first use.
    ///
    /// # Errors
    ///
    /// Returns the error of the first issuer that failed, in the order of configuration. The keys
    /// of the others are fetched regardless.
    pub async fn warm_up(&self) -> Result<(), Error> {
        let fetches: Vec<_> = self.0.issuers.iter().map(|issuer| issuer.warm_up()).collect();
        let mut result = Ok(());
        for fetch in fetches {
            result = result.and(fetch.await);
        }
        result
    }

    /// Revokes tokens of all issuers, including those of the verifiers to which tokens are delegated. They are
    /// rejected from the next request on, until they would have expired.
    ///
    /// # Errors
    ///
    /// Returns the first error of a verifier. The others have revoked the tokens.
    #[must_use = "whether the revocation took effect is known when the future completes"]
    pub fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        let own = self.0.revocations.revoke(revocation);
        let others: Vec<_> =
            self.0.delegates().map(|verifier| verifier.revoke(revocation)).collect();
        Box::pin(async move {
            let mut result = own.await;
            for other in others {
                result = result.and(other.await);
            }
            result
        })
    }

    /// Removes a tenant with its keys and its cached tokens, with immediate effect. The next token is treated
    /// as that of a new tenant, which is resolved again, and rejected if the resolver doesn't know it.
    ///
    /// `issuer` is the `iss` of its tokens. This has no effect on issuers that are trusted by name.
    ///
    /// ```
    /// use portcullis::{Issuers, issuers::Tenant};
    ///
    /// let issuers = Issuers::builder()
    ///     .tenants("https://login.example/{tenant}", async |_: Tenant| Ok(None))
    ///     .build()?;
    /// issuers.forget_tenant("https://login.example/acme");
    /// // Only issuers that are trusted by name have a readiness.
    /// assert!(issuers.readiness().is_empty());
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    pub fn forget_tenant(&self, issuer: &str) {
        self.0.tenants.iter().for_each(|tenants| tenants.forget(issuer));
    }

    /// Verifies a token as for a request, and explains the outcome: what each rule expected and found,
    /// including the rules after the one that rejected the token.
    ///
    /// Like a request, this may fetch keys, resolve a tenant or introspect the token. See
    /// [`Explanation`].
    pub async fn explain(&self, token: &str) -> Explanation {
        explain(self, token).await
    }

    /// Returns the issuer of a JWT. Tenants are resolved.
    #[cfg(feature = "security-events")]
    pub(crate) async fn issuer_of(&self, jws: &str) -> Result<Arc<Issuer>, Error> {
        let mut resolution = None;
        let parsed = UnverifiedToken::parse(jws.as_bytes(), |name| {
            let resolution: &Resolution = resolution.insert(self.0.resolve(name)?);
            Ok(&resolution.issuer().claim_options)
        });
        match (parsed, resolution) {
            (Ok(_), Some(resolution)) => Ok(Arc::clone(resolution.issuer())),
            (Err(Dispatch::Reject(error)), _) => Err(error),
            (Err(Dispatch::Resolve(tenant)), _) => {
                Ok(Arc::clone(Resolution::from(tenant.settle(jws.as_bytes()).await?).issuer()))
            }
            // The keys of an issuer whose tokens are introspected aren't known.
            (Ok(_), None) | (Err(Dispatch::Delegate(_)), _) => Err(TokenFault::Issuer.into()),
        }
    }

    /// Sends each configured issuer and endpoint the requests that this verifier would send to verify a token,
    /// and reports what works, what will fail, and what to do about it: see [`DoctorReport`]. Of tenants, it checks
    /// the patterns: see [`doctor_tenant`](Self::doctor_tenant).
    pub async fn doctor(&self) -> DoctorReport {
        Verify::doctor(self).await
    }

    /// Resolves a tenant, asks its issuer for metadata and keys, and reports what is right, what will fail and what to do.
    ///
    /// `tenant` is the issuer of its tokens, or the name in the place of `{tenant}`. The resolver is called as for the first
    /// token of the tenant, and nothing that is cached changes. For the name of a configured issuer, the report is about
    /// that issuer.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use portcullis::{Algorithm, Error, Issuers, issuers::Tenant, testing::TestIssuer};
    ///
    /// let acme = TestIssuer::named("https://login.example/acme");
    /// acme.publish(Algorithm::Es256);
    /// let customer = acme.clone();
    /// let issuers = Issuers::builder()
    ///     .tenants("https://login.example/{tenant}", move |tenant: Tenant| {
    ///         let verifier = customer.verifier().audience("https://api.example").build();
    ///         let is_known = tenant.name() == "acme";
    ///         async move { verifier.map(|it| is_known.then_some(it)).map_err(Error::misconfigured) }
    ///     })
    ///     .build()
    ///     .unwrap();
    /// assert!(issuers.doctor_tenant("acme").await.is_healthy());
    /// assert!(issuers.doctor_tenant("https://login.example/acme").await.is_healthy());
    /// let report = issuers.doctor_tenant("globex").await;
    /// assert!(report.to_string().contains("unknown to the resolver"));
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn doctor_tenant(&self, tenant: &str) -> DoctorReport {
        if let Some(issuer) = self.0.issuers.iter().find(|issuer| issuer.name() == tenant) {
            return issuer.doctor().await;
        }
        let named = |it: &Arc<Tenants>| Some((Arc::clone(it), it.issuer_named(tenant)?));
        if let Some((tenants, issuer)) = self.0.tenants.iter().find_map(named) {
            return tenants.doctor(&issuer).await;
        }
        let finding = Finding::failed("pattern", TokenFault::Issuer)
            .expected_one_of(self.0.tenants.iter().map(|tenants| tenants.pattern()))
            .found(tenant)
            .hint(
                "no pattern matches: a tenant is 1 to 64 ASCII letters, digits, `-` and `_` in the place of `{tenant}`, \
                 and the rest of the issuer is the same byte for byte",
            );
        DoctorReport::new().section(tenant, vec![finding])
    }

    /// Returns the state of the keys of each issuer, in the order of configuration, without
    /// tenants.
    #[must_use]
    pub fn readiness(&self) -> Vec<Readiness> {
        self.0.issuers.iter().map(|issuer| issuer.readiness()).collect()
    }
}

impl Verify<BearerToken<'_>> for Issuers {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        match self.cached(token.as_bytes()) {
            Some(identity) => Verification::ready(Ok(identity)),
            None => self.verify_uncached(token),
        }
    }

    fn cached(&self, token: &[u8]) -> Option<Identity> {
        self.0.cache.get(token)
    }

    fn verify_uncached(&self, token: BearerToken<'_>) -> Verification {
        self.dispatch(token, None)
    }

    fn verify_request(&self, token: BearerToken<'_>, request: &RequestHead<'_>) -> Verification {
        self.dispatch(token, Some(request))
    }

    fn findings(&self, token: BearerToken<'_>, rejection: Option<&Error>) -> Findings {
        self.0.findings(token, rejection)
    }

    fn doctor(&self) -> DoctorFuture {
        let issuers = self.0.issuers.clone();
        let delegates: Vec<_> = self.0.delegates().cloned().collect();
        let patterns = self.0.examine_tenants();
        Box::pin(async move {
            let mut report = DoctorReport::new();
            for issuer in issuers {
                report = report.merge(issuer.doctor().await);
            }
            report = report.merge(patterns);
            for delegate in delegates {
                report = report.merge(delegate.doctor().await);
            }
            report
        })
    }

    /// Returns the issuers in the order of configuration, without tenants.
    fn issuers(&self) -> Vec<String> {
        self.0.names()
    }

    fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        Issuers::revoke(self, revocation)
    }
}

impl Issuers {
    /// Verifies a token that isn't cached. Other verifiers may need to know its request.
    fn dispatch(&self, token: BearerToken<'_>, request: Option<&RequestHead<'_>>) -> Verification {
        if let Some(delegate) = self.0.delegate_by_form(token.as_bytes()) {
            return self.0.verify_by(delegate, token, request);
        }
        let mut resolution = None;
        let parsed = UnverifiedToken::parse(token.as_bytes(), |name| {
            let resolution: &Resolution = resolution.insert(self.0.resolve(name)?);
            Ok(&resolution.issuer().claim_options)
        });
        let unverified = match parsed {
            Ok(unverified) => unverified,
            Err(Dispatch::Reject(error)) => return Verification::ready(Err(error)),
            Err(Dispatch::Delegate(delegate)) => {
                return self.0.verify_by(&delegate, token, request);
            }
            Err(Dispatch::Resolve(tenant)) => {
                let (dispatcher, token) = (Arc::clone(&self.0), token.into_owned());
                return Verification::pending(async move {
                    let resolution = Resolution::from(tenant.settle(token.as_bytes()).await?);
                    let issuer = resolution.issuer();
                    let first = issuer.verify_named(token.as_bytes());
                    let verified = issuer.complete(token.as_bytes(), first).await?;
                    resolution.insert(&dispatcher.cache, token.as_bytes(), verified)
                });
            }
        };
        // If the token could be parsed, its issuer has been resolved.
        let Some(resolution) = resolution else {
            return Verification::ready(Err(TokenFault::Issuer.into()));
        };
        let issuer = resolution.issuer();
        match issuer.verify_parsed(unverified, issuer.now(), Attempt::First) {
            Ok(verified) => {
                Verification::ready(resolution.insert(&self.0.cache, token.as_bytes(), verified))
            }
            Err(Interrupt::Rejected(error)) => Verification::ready(Err(error)),
            Err(wait) => {
                let (dispatcher, token) = (Arc::clone(&self.0), token.into_owned());
                Verification::pending(async move {
                    let verified =
                        resolution.issuer().complete(token.as_bytes(), Err(wait)).await?;
                    resolution.insert(&dispatcher.cache, token.as_bytes(), verified)
                })
            }
        }
    }
}

impl fmt::Debug for Issuers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuers")
            .field("trusted", &self.0.by_name.keys())
            .field("tenants", &self.0.tenants)
            .finish()
    }
}
