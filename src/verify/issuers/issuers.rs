//! The verifier of several issuers' tokens.

use std::{fmt, sync::Arc};

use super::{
    IssuersBuilder,
    dispatcher::{Dispatch, Dispatcher, Resolution},
};
use crate::{
    BearerToken, Error, Identity, TokenFault, Verification, Verify,
    credentials::RequestHead,
    verify::{
        DoctorFuture, DoctorReport, Explanation, Findings, Readiness, Revocation, RevokeFuture,
        explain,
        jwt::{Attempt, Interrupt, Issuer, UnverifiedToken},
    },
};

/// Verifies JWT access tokens of several issuers, each by its own rules and its own keys.
///
/// A token is verified by the issuer that its `iss` names, byte for byte, and by no other. Keys, fetches and
/// failures are those of one issuer and don't affect the others.
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
/// let layer = AuthenticateLayer::bearer(issuers);
/// # let _ = layer;
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// Tokens that aren't JWTs are dispatched by their form: tokens with a configured
/// [`prefix`](IssuersBuilder::prefix) to the verifier of that prefix, any other to
/// [`opaque`](IssuersBuilder::opaque). No token is tried with one verifier after another.
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

    /// Returns a builder with the same issuers, verifiers and tenants, which share their keys and caches with these,
    /// and with the same revocation list: to replace them by a changed set ([`IssuersHandle`](super::IssuersHandle)).
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

    /// Fetches the keys of each issuer that has none yet, all at the same time. Tenants aren't known
    /// yet.
    ///
    /// # Errors
    ///
    /// That of the first, in the order of trust, that failed; the others are tried all the same.
    pub async fn warm_up(&self) -> Result<(), Error> {
        let fetches: Vec<_> = self.0.issuers.iter().map(|issuer| issuer.warm_up()).collect();
        let mut result = Ok(());
        for fetch in fetches {
            result = result.and(fetch.await);
        }
        result
    }

    /// Revokes tokens of every issuer, also those of the verifiers that tokens are delegated to: they are rejected
    /// from the next request on, until they would have expired.
    ///
    /// # Errors
    ///
    /// The first error of a verifier. The others have revoked the tokens.
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

    /// Removes a tenant with its keys and its cached tokens, as soon as this returns. Its next token is that of
    /// a new tenant: it is resolved again, and rejected if the resolver doesn't know it.
    ///
    /// `issuer` is the `iss` of its tokens. This has no effect on issuers that were trusted by name.
    ///
    /// ```
    /// use portcullis::{Issuers, issuers::Tenant};
    ///
    /// let issuers = Issuers::builder()
    ///     .tenants("https://login.example/{tenant}", async |_: Tenant| Ok(None))
    ///     .build()?;
    /// issuers.forget_tenant("https://login.example/acme");
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    pub fn forget_tenant(&self, issuer: &str) {
        self.0.tenants.iter().for_each(|tenants| tenants.forget(issuer));
    }

    /// Verifies a token as a request would, and explains the outcome: what each rule expected and found, also those after
    /// the one that rejected the token.
    ///
    /// This fetches keys, resolves tenants and introspects where a request would. See [`Explanation`].
    pub async fn explain(&self, token: &str) -> Explanation {
        explain(self, token).await
    }

    /// Returns the issuer that a JWT names. Tenants are resolved.
    #[cfg(feature = "security-events")]
    pub(crate) async fn issuer_of(&self, jws: &str) -> Result<Arc<Issuer>, Error> {
        let mut resolution = None;
        let parsed = UnverifiedToken::parse(jws, |name| {
            let resolution: &Resolution = resolution.insert(self.0.resolve(name)?);
            Ok(resolution.issuer())
        });
        match (parsed, resolution) {
            (Ok(_), Some(resolution)) => Ok(Arc::clone(resolution.issuer())),
            (Err(Dispatch::Reject(error)), _) => Err(error),
            (Err(Dispatch::Resolve(tenant)), _) => {
                Ok(Arc::clone(Resolution::from(tenant.settle(jws).await?).issuer()))
            }
            // The keys of an issuer whose tokens are introspected aren't known.
            (Ok(_), None) | (Err(Dispatch::Delegate(_)), _) => Err(TokenFault::Issuer.into()),
        }
    }

    /// Asks each configured issuer and endpoint what this verifier would ask for a request, and reports what is right, what will fail
    /// and what to do: see [`DoctorReport`].
    pub async fn doctor(&self) -> DoctorReport {
        Verify::doctor(self).await
    }

    /// Whether the keys of each issuer are at hand, in the order of trust, tenants left out.
    #[must_use]
    pub fn readiness(&self) -> Vec<Readiness> {
        self.0.issuers.iter().map(|issuer| issuer.readiness()).collect()
    }
}

impl Verify<BearerToken<'_>> for Issuers {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        match self.cached(token.as_str().as_bytes()) {
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
        Box::pin(async move {
            let mut report = DoctorReport::new();
            for issuer in issuers {
                report = report.merge(issuer.doctor().await);
            }
            for delegate in delegates {
                report = report.merge(delegate.doctor().await);
            }
            report
        })
    }

    /// The configured issuers in the order of configuration, without tenants.
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
        if let Some(delegate) = self.0.delegate_by_form(token.as_str()) {
            return self.0.verify_by(delegate, token, request);
        }
        let mut resolution = None;
        let parsed = UnverifiedToken::parse(token.as_str(), |name| {
            let resolution: &Resolution = resolution.insert(self.0.resolve(name)?);
            Ok(resolution.issuer())
        });
        let unverified = match parsed {
            Ok(unverified) => unverified,
            Err(Dispatch::Reject(error)) => return Verification::ready(Err(error)),
            Err(Dispatch::Delegate(delegate)) => {
                return self.0.verify_by(&delegate, token, request);
            }
            Err(Dispatch::Resolve(tenant)) => {
                let (dispatcher, token) = (Arc::clone(&self.0), token.as_str().to_owned());
                return Verification::pending(async move {
                    let resolution = Resolution::from(tenant.settle(&token).await?);
                    let issuer = resolution.issuer();
                    let first = issuer.verify_named(&token);
                    let verified = issuer.complete(&token, first).await?;
                    resolution.insert(&dispatcher.cache, &token, verified)
                });
            }
        };
        // A token that could be parsed has been resolved.
        let Some(resolution) = resolution else {
            return Verification::ready(Err(TokenFault::Issuer.into()));
        };
        match resolution.issuer().verify_parsed(unverified, Attempt::First) {
            Ok(verified) => {
                Verification::ready(resolution.insert(&self.0.cache, token.as_str(), verified))
            }
            Err(Interrupt::Rejected(error)) => Verification::ready(Err(error)),
            Err(wait) => {
                let (dispatcher, token) = (Arc::clone(&self.0), token.as_str().to_owned());
                Verification::pending(async move {
                    let verified = resolution.issuer().complete(&token, Err(wait)).await?;
                    resolution.insert(&dispatcher.cache, &token, verified)
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
