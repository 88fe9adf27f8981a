//! What users write to trust several issuers.

use std::{collections::HashMap, fmt, sync::Arc};

use super::{
    Issuers, Tenant,
    dispatcher::{Dispatcher, TokenVerifier, Trust},
    tenants::Tenants,
};
use crate::verify::{
    Revocations,
    jwt::{DEFAULT_CAPACITY, JwtVerifier, TokenCache},
};
use crate::{BearerToken, ConfigError, Error, Verify};

/// Makes [`Issuers`].
#[must_use]
pub struct IssuersBuilder {
    cache_capacity: usize,
    revocations: Option<Revocations>,
    trusted: Vec<(String, Trust)>,
    by_prefix: Vec<(String, Arc<TokenVerifier>)>,
    opaque: Option<Arc<TokenVerifier>>,
    tenants: Vec<Result<Tenants, ConfigError>>,
}

impl Default for IssuersBuilder {
    fn default() -> Self {
        Self {
            cache_capacity: DEFAULT_CAPACITY,
            revocations: None,
            trusted: Vec::new(),
            by_prefix: Vec::new(),
            opaque: None,
            tenants: Vec::new(),
        }
    }
}

impl IssuersBuilder {
    /// How many bytes verified tokens may take that are remembered, for all issuers together, as
    /// [`JwtVerifierBuilder::token_cache`](crate::jwt::JwtVerifierBuilder::token_cache) has it for one.
    /// 32 MiB by default; 0 turns it off.
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

    /// Trusts the issuer of this verifier.
    pub fn trust(mut self, verifier: JwtVerifier) -> Self {
        let issuer = verifier.issuer;
        self.trusted.push((issuer.name().to_owned(), Trust::Keys(issuer)));
        self
    }

    /// Has JWTs that name this issuer judged by another verifier, such as an
    /// [`IntrospectionVerifier`](crate::IntrospectionVerifier) that asks the issuer about each.
    pub fn trust_with(
        mut self,
        issuer: impl Into<String>,
        verifier: impl for<'a> Verify<BearerToken<'a>>,
    ) -> Self {
        self.trusted.push((issuer.into(), Trust::Delegate(Arc::new(verifier))));
        self
    }

    /// Has tokens that begin with `prefix` judged by this verifier, such as an
    /// [`OwnTokenVerifier`](crate::OwnTokenVerifier).
    pub fn prefix(
        mut self,
        prefix: impl Into<String>,
        verifier: impl for<'a> Verify<BearerToken<'a>>,
    ) -> Self {
        self.by_prefix.push((prefix.into(), Arc::new(verifier)));
        self
    }

    /// Has tokens that aren't JWTs judged by this verifier, such as an
    /// [`IntrospectionVerifier`](crate::IntrospectionVerifier). Without one they are rejected.
    ///
    /// A token is a JWT if it has three parts with dots between.
    pub fn opaque(mut self, verifier: impl for<'a> Verify<BearerToken<'a>>) -> Self {
        self.opaque = Some(Arc::new(verifier));
        self
    }

    /// Trusts every issuer of a form, such as the tenants of one login service. `{tenant}` stands in
    /// `pattern` for a name of letters, digits, `-` and `_`, at most 64 of them.
    ///
    /// `resolve` makes the verifier of a tenant when its first token comes: for the issuer that
    /// [`Tenant::issuer`] names, which has the form of the pattern, or `None` for a tenant that is
    /// not known here. Up to 1,000 verifiers of tenants that have proved themselves by a good token
    /// are kept, and 100 of others, so that made-up tenants push out no real one. A tenant whose tokens
    /// are met no more is forgotten after three days, with its keys, and found anew if one comes.
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
    pub fn tenants<F, R>(mut self, pattern: &str, resolve: F) -> Self
    where
        F: Fn(Tenant) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Option<JwtVerifier>, Error>> + Send + 'static,
    {
        let resolve = Box::new(move |tenant| Box::pin(resolve(tenant)) as _);
        self.tenants.push(Tenants::new(pattern, resolve));
        self
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if an issuer is named twice, a pattern is not one, a prefix is empty or hidden
    /// by another before it, or nobody is trusted.
    pub fn build(self) -> Result<Issuers, ConfigError> {
        let (mut by_name, mut issuers) = (HashMap::new(), Vec::new());
        for (name, trust) in self.trusted {
            if let Trust::Keys(issuer) = &trust {
                issuers.push(Arc::clone(issuer));
            }
            if by_name.insert(name.clone().into_boxed_str(), trust).is_some() {
                return Err(ConfigError::new("issuer", name, "trusted twice"));
            }
        }
        let mut by_prefix: Vec<(Box<str>, _)> = Vec::new();
        for (prefix, verifier) in self.by_prefix {
            if prefix.is_empty() || by_prefix.iter().any(|(one, _)| prefix.starts_with(&**one)) {
                let problem = "empty, or hidden by a prefix before it";
                return Err(ConfigError::new("token prefix", prefix, problem));
            }
            by_prefix.push((prefix.into_boxed_str(), verifier));
        }
        let tenants: Result<Vec<_>, _> =
            self.tenants.into_iter().map(|tenants| tenants.map(Arc::new)).collect();
        let tenants = tenants?;
        let others = by_prefix.is_empty() && self.opaque.is_none();
        if by_name.is_empty() && tenants.is_empty() && others {
            return Err(ConfigError::new("issuers", "[]", "at least one is needed"));
        }
        let opaque = self.opaque;
        let revocations = self.revocations.unwrap_or_default();
        let cache = TokenCache::new(self.cache_capacity, Some(revocations.clone()));
        Ok(Issuers::new(Dispatcher {
            by_name,
            issuers,
            tenants,
            by_prefix,
            opaque,
            cache,
            revocations,
        }))
    }
}

impl fmt::Debug for IssuersBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.trusted.iter().map(|(name, _)| name).collect();
        f.debug_struct("IssuersBuilder").field("trusted", &names).finish_non_exhaustive()
    }
}
