//! The configuration of [`Issuers`].

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
use crate::{BearerToken, Clock, ConfigError, Error, Verify, clock::SystemClock};

/// A builder for [`Issuers`].
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

/// The configuration of new tenants, or the tenants of issuers that were built earlier.
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
    /// Creates a builder with the entries of issuers that were built earlier.
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

    /// Records the configuration of an entry, so that the entry is kept when the issuers are replaced by a set
    /// in which its configuration is the same.
    pub(crate) fn fingerprint(mut self, entry: EntryName, fingerprint: Fingerprint) -> Self {
        self.fingerprints.insert(entry, fingerprint);
        self
    }

    /// Sets the size of the verified-token cache in bytes, for all issuers together. The default is 32
    /// MiB; 0 disables the cache. The [`token_cache`](crate::jwt::JwtVerifierBuilder::token_cache)
    /// setting of each verifier is ignored.
    pub fn token_cache(mut self, bytes: usize) -> Self {
        self.cache_capacity = bytes;
        self
    }

    /// Sets the revocation list for the tokens of all issuers, for a list that verifiers or replicas share. It
    /// is checked on every request, in addition to the list of each verifier. By default, a new list is
    /// created.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// Sets the clock for the limits of unverified tenants. The default is [`SystemClock`]. Tokens, keys and
    /// the renewal of tenants use the clock of their verifier.
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

    /// Removes an issuer, for a builder with the entries of other issuers
    /// ([`Issuers::to_builder`]). Does nothing if the issuer isn't trusted by name.
    pub fn distrust(mut self, issuer: &str) -> Self {
        self.trusted.retain(|(name, _)| name != issuer);
        self.fingerprints.remove(&EntryName::Issuer(issuer.to_owned()));
        self
    }

    /// Delegates JWTs of this issuer to another verifier, such as an
    /// [`IntrospectionVerifier`](crate::IntrospectionVerifier) that introspects them.
    ///
    /// If the `iss` of an introspection response is a different issuer, the token is rejected with
    /// 401.
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
    /// [`IntrospectionVerifier`](crate::IntrospectionVerifier). Without one, they are rejected.
    ///
    /// A token counts as a JWT if it has three parts, separated by dots. If neither issuers nor tenants are
    /// trusted, JWTs are delegated to the verifier as well.
    ///
    /// If an introspection verifier isn't configured with its issuer, the `iss` of its responses must be one of
    /// the trusted issuers. Otherwise, the token is rejected with 401. A response without `iss` is accepted.
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

    /// Trusts every issuer that matches a pattern and is known to `resolve`, such as the tenants of one
    /// login service. `{tenant}` in `pattern` matches a name of 1 to 64 ASCII letters, digits, `-` and `_`.
    ///
    /// `resolve` returns the verifier for [`Tenant::issuer`], or `None` for an unknown tenant, whose tokens are
    /// rejected. It is called when the first token of a tenant arrives, and again at most once a minute while
    /// more tokens arrive. If it then returns `None`, the tenant is removed with its cached tokens. Otherwise,
    /// the tenant keeps its current verifier, with its keys. If `resolve` fails, the tenant is kept for up to
    /// 24 hours.
    ///
    /// A tenant is removed after three days without a token. The number of tenants in memory is limited, and so
    /// is the work for tenants without a verified token: [`TenantPattern`] describes the limits. Use
    /// [`tenants_with`](Self::tenants_with) to change them, or to replace the verifier of a tenant.
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
    ///     .build();
    /// assert!(issuers.is_ok());
    /// ```
    #[doc(alias = "multi-tenancy")]
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

    /// Trusts every issuer that matches a pattern and is known to `resolve`, like [`tenants`](Self::tenants),
    /// but with custom limits. `resolve` also decides whether a tenant that is resolved again keeps its
    /// verifier. [`TenantPattern`] has an example.
    ///
    /// If `resolve` returns an error with a 5xx status, a verified tenant is kept for up to
    /// [`outage_tolerance`](TenantPattern::outage_tolerance). With any other error, the tenant is removed.
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
    /// Returns [`ConfigError`] if an issuer is trusted twice, if the tokens of two issuers have no `iss`, if a
    /// pattern or one of its limits is invalid, if a prefix is empty or begins with an earlier one, or if no
    /// issuer is trusted.
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
                let problem = "must not be empty, or begin with an earlier prefix";
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
