//! The configuration of several issuers.

use std::{collections::HashMap, fmt, sync::Arc};

use super::{
    Issuers, Tenant, TenantPattern, TenantResolution,
    dispatcher::{Delegate, Dispatcher, EntryName, Fingerprint, Trust},
    tenants::{Resolve, Tenants},
};
use crate::verify::{
    Revocations,
    jwt::{DEFAULT_CAPACITY, JwtVerifier, TokenCache},
};
use crate::{BearerToken, Clock, ConfigError, Error, SystemClock, Verify};

/// Configures [`Issuers`].
///
/// ```
/// use portcullis::{Issuers, JwtVerifier};
///
/// let issuers = Issuers::builder()
///     .trust(JwtVerifier::builder("https://login.example").audience("https://api.example").build()?)
///     .token_cache(1024 * 1024)
///     .build()?;
/// assert_eq!(issuers.readiness().len(), 1);
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
#[must_use]
pub struct IssuersBuilder {
    cache_capacity: usize,
    revocations: Option<Revocations>,
    clock: Arc<dyn Clock>,
    trusted: Vec<(String, Trust)>,
    by_prefix: Vec<(String, Delegate)>,
    opaque: Option<Delegate>,
    tenants: Vec<GivenTenants>,
    fingerprints: HashMap<EntryName, Fingerprint>,
}

/// Tenants that are configured, or those of issuers that were built before.
enum GivenTenants {
    New(TenantPattern, Arc<Resolve>),
    Kept(Arc<Tenants>),
}

impl Default for IssuersBuilder {
    fn default() -> Self {
        Self {
            cache_capacity: DEFAULT_CAPACITY,
            revocations: None,
            clock: Arc::new(SystemClock),
            trusted: Vec::new(),
            by_prefix: Vec::new(),
            opaque: None,
            tenants: Vec::new(),
            fingerprints: HashMap::new(),
        }
    }
}

impl IssuersBuilder {
    /// Creates a builder with the entries of issuers that were built before.
    pub(super) fn of(built: &Dispatcher) -> Self {
        let trusted = built.names.iter().filter_map(|name| {
            let trust = built.by_name.get(&**name)?;
            Some((name.clone(), trust.clone()))
        });
        let by_prefix = built.by_prefix.iter();
        let by_prefix = by_prefix.map(|(prefix, delegate)| (prefix.to_string(), delegate.clone()));
        Self {
            cache_capacity: built.cache.capacity(),
            revocations: Some(built.revocations.clone()),
            clock: Arc::new(SystemClock),
            trusted: trusted.collect(),
            by_prefix: by_prefix.collect(),
            opaque: built.opaque.clone(),
            tenants: built.tenants.iter().map(Arc::clone).map(GivenTenants::Kept).collect(),
            fingerprints: built.fingerprints.clone(),
        }
    }

    /// Records everything that was configured about an entry, so that it stays in place when the issuers are replaced
    /// by others in which it is the same.
    pub(crate) fn fingerprint(mut self, entry: EntryName, fingerprint: Fingerprint) -> Self {
        self.fingerprints.insert(entry, fingerprint);
        self
    }

    /// Sets the size of the verified-token cache in bytes, for all issuers together. 32 MiB by default; 0
    /// disables it. The setting of each verifier's
    /// [`token_cache`](crate::jwt::JwtVerifierBuilder::token_cache) doesn't apply.
    pub fn token_cache(mut self, bytes: usize) -> Self {
        self.cache_capacity = bytes;
        self
    }

    /// Sets the list of revoked tokens of every issuer, for a list that verifiers or replicas share. It is checked
    /// on every request, beside the list of each verifier. By default there is one for these issuers.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// Sets the clock of the limits for unverified tenants. [`SystemClock`] by default. Tokens, keys and the
    /// renewal of tenants use the clock of their verifier.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Trusts the issuer of this verifier.
    ///
    /// Tokens without an `iss` are verified by the one verifier that is trusted with
    /// [`Profile::JwtSvid`](crate::jwt::Profile::JwtSvid).
    pub fn trust(mut self, verifier: JwtVerifier) -> Self {
        let issuer = verifier.issuer;
        self.trusted.push((issuer.name().to_owned(), Trust::Keys(issuer)));
        self
    }

    /// Removes the trust in an issuer, for a builder with the entries of others
    /// ([`Issuers::to_builder`]). Does nothing if the issuer isn't trusted by name.
    pub fn distrust(mut self, issuer: &str) -> Self {
        self.trusted.retain(|(name, _)| name != issuer);
        self.fingerprints.remove(&EntryName::Issuer(issuer.to_owned()));
        self
    }

    /// Delegates JWTs that name this issuer to another verifier, such as an
    /// [`IntrospectionVerifier`](crate::IntrospectionVerifier) that introspects each of them.
    ///
    /// An introspection response that names another issuer in its `iss` is rejected with 401.
    pub fn trust_with(
        mut self,
        issuer: impl Into<String>,
        verifier: impl for<'a> Verify<BearerToken<'a>>,
    ) -> Self {
        let issuer = issuer.into();
        let delegate = Delegate::for_issuer(&issuer, verifier);
        self.trusted.push((issuer, Trust::Delegate(delegate)));
        self
    }

    /// Delegates tokens that begin with `prefix` to this verifier, such as an
    /// [`OwnTokenVerifier`](crate::OwnTokenVerifier).
    pub fn prefix(
        mut self,
        prefix: impl Into<String>,
        verifier: impl for<'a> Verify<BearerToken<'a>>,
    ) -> Self {
        self.by_prefix.push((prefix.into(), Delegate::by_form(verifier)));
        self
    }

    /// Delegates tokens that aren't JWTs to this verifier, such as an
    /// [`IntrospectionVerifier`](crate::IntrospectionVerifier). Without one they are rejected.
    ///
    /// A token counts as a JWT if it has three parts, separated by dots. If neither an issuer nor tenants are trusted,
    /// the verifier gets JWTs as well.
    ///
    /// If an introspection verifier isn't configured with its issuer, the `iss` of its responses has to be one of
    /// the trusted issuers. Otherwise the token is rejected with 401. A response without `iss` is accepted.
    ///
    /// ```
    /// # #[cfg(all(feature = "introspection", feature = "testing"))]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
    /// use portcullis::{BearerToken, Issuers, Verify, testing::TestIssuer};
    ///
    /// const API: &str = "https://api.example";
    ///
    /// let issuer = TestIssuer::new();
    /// let issuers = Issuers::builder()
    ///     .trust(issuer.verifier().audience(API).build()?)
    ///     .opaque(issuer.introspection().audience(API).build()?)
    ///     .build()?;
    ///
    /// let token = issuer.token().audience(API).subject("alice").mint_opaque();
    /// let mut headers = HeaderMap::new();
    /// headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?);
    /// let identity = issuers.verify(BearerToken::from_headers(&headers)?).wait().await?;
    /// assert_eq!(identity.subject(), Some("alice"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(all(feature = "introspection", feature = "testing")))]
    /// # fn main() {}
    /// ```
    pub fn opaque(mut self, verifier: impl for<'a> Verify<BearerToken<'a>>) -> Self {
        self.opaque = Some(Delegate::by_form(verifier));
        self
    }

    /// Trusts every issuer that matches a pattern and that `resolve` knows, such as the tenants of one login
    /// service. `{tenant}` in `pattern` stands for a name of 1 to 64 ASCII letters, digits, `-` and `_`.
    ///
    /// `resolve` returns the verifier for the issuer that [`Tenant::issuer`] names, or `None` for a tenant that
    /// this service doesn't know, whose tokens are rejected. It is called when the first token of a tenant
    /// arrives, and again at most once a minute while its tokens arrive. A tenant that it no longer knows is then
    /// removed, with its cached tokens; otherwise the tenant keeps the verifier that it has, with its keys. If
    /// `resolve` fails, the tenant is kept for up to 24 hours.
    ///
    /// A tenant whose tokens no longer arrive is removed after three days. The number of tenants in memory is
    /// limited, and so is the work for tenants without a verified token: [`TenantPattern`] describes the limits.
    /// [`tenants_with`](Self::tenants_with) changes them, and lets `resolve` replace a verifier.
    ///
    /// ```
    /// use portcullis::{Issuers, JwtVerifier, issuers::Tenant};
    ///
    /// let issuers = Issuers::builder()
    ///     .tenants("https://login.example/{tenant}/v2.0", async |tenant: Tenant| {
    ///         if tenant.name() != "acme" {
    ///             return Ok(None);
    ///         }
    ///         let verifier = JwtVerifier::builder(tenant.issuer()).audience("https://api.example");
    ///         verifier.build().map(Some).map_err(portcullis::Error::misconfigured)
    ///     })
    ///     .build()?;
    /// # let _ = issuers;
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    pub fn tenants<F, R>(self, pattern: &str, resolve: F) -> Self
    where
        F: Fn(Tenant) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Option<JwtVerifier>, Error>> + Send + 'static,
    {
        self.tenants_with(pattern, move |tenant| {
            let resolved = resolve(tenant);
            async { resolved.await.map(TenantResolution::from) }
        })
    }

    /// Trusts every issuer that matches a pattern and that `resolve` knows, with limits of its own. `resolve`
    /// also decides whether a tenant that is resolved again keeps its verifier. Otherwise this is
    /// [`tenants`](Self::tenants); [`TenantPattern`] has an example.
    ///
    /// An error of `resolve` that is the service's fault (5xx) keeps a verified tenant for up to
    /// [`outage_tolerance`](TenantPattern::outage_tolerance). Any other error is a verdict about the tenant, which
    /// is removed.
    pub fn tenants_with<F, R>(mut self, pattern: impl Into<TenantPattern>, resolve: F) -> Self
    where
        F: Fn(Tenant) -> R + Send + Sync + 'static,
        R: Future<Output = Result<TenantResolution, Error>> + Send + 'static,
    {
        let resolve = Arc::new(move |tenant| Box::pin(resolve(tenant)) as _);
        self.tenants.push(GivenTenants::New(pattern.into(), resolve));
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if an issuer is trusted twice, the tokens of two issuers have no `iss`, a pattern or one of its limits is invalid, a prefix is empty
    /// or begins with an earlier one, or no issuer is trusted.
    pub fn build(self) -> Result<Issuers, ConfigError> {
        let names = self.trusted.iter().map(|(name, _)| name.clone()).collect();
        let (mut by_name, mut issuers, mut unnamed) = (HashMap::new(), Vec::new(), None);
        for (name, trust) in self.trusted {
            if let Trust::Keys(issuer) = &trust {
                issuers.push(Arc::clone(issuer));
                if !issuer.is_named_by_tokens() && unnamed.replace(Arc::clone(issuer)).is_some() {
                    let problem = "its tokens have no `iss`, like those of another trusted issuer";
                    return Err(ConfigError::new("issuer", name, problem));
                }
            }
            if by_name.insert(name.clone().into_boxed_str(), trust).is_some() {
                return Err(ConfigError::new("issuer", name, "trusted twice"));
            }
        }
        let mut by_prefix: Vec<(Box<str>, _)> = Vec::new();
        for (prefix, delegate) in self.by_prefix {
            if prefix.is_empty() || by_prefix.iter().any(|(one, _)| prefix.starts_with(&**one)) {
                let problem = "empty, or hidden by a prefix before it";
                return Err(ConfigError::new("token prefix", prefix, problem));
            }
            by_prefix.push((prefix.into_boxed_str(), delegate));
        }
        let tenants = self.tenants.into_iter();
        let tenants = tenants
            .map(|given| match given {
                GivenTenants::New(pattern, resolve) => {
                    Tenants::new(&pattern, &self.clock, resolve).map(Arc::new)
                }
                GivenTenants::Kept(tenants) => Ok(tenants),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let others = by_prefix.is_empty() && self.opaque.is_none();
        if by_name.is_empty() && tenants.is_empty() && others {
            return Err(ConfigError::new("issuers", "[]", "at least one is needed"));
        }
        let opaque = self.opaque;
        let has_configured_revocations = self.revocations.is_some();
        let revocations = self.revocations.unwrap_or_default();
        let cache = TokenCache::new(self.cache_capacity, Some(revocations.clone()));
        Ok(Issuers::new(Dispatcher {
            by_name,
            names,
            issuers,
            unnamed,
            tenants,
            by_prefix,
            opaque,
            cache,
            revocations,
            has_configured_revocations,
            fingerprints: self.fingerprints,
        }))
    }
}

impl fmt::Debug for IssuersBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.trusted.iter().map(|(name, _)| name).collect();
        f.debug_struct("IssuersBuilder").field("trusted", &names).finish_non_exhaustive()
    }
}
