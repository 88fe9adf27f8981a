//! Tenants: issuers that match a pattern and are resolved on first use.

use std::{convert::Infallible, fmt, future::Future, pin::Pin, sync::Arc};

use quick_cache::sync::Cache;
use tokio::sync::OnceCell;

use super::verified_tenants::VerifiedTenants;
use crate::verify::jwt::{Attempt, Interrupt, Issuer, JwtVerifier, TokenCache, UnverifiedToken};
use crate::{ConfigError, Error, Identity, TokenFault};

const PLACEHOLDER: &str = "{tenant}";
const MAX_NAME: usize = 64;
/// Tenants of which no token has been verified.
const MAX_UNVERIFIED: usize = 100;

/// A tenant that a token names: an issuer of the form that was configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    issuer: String,
    name: String,
}

impl Tenant {
    /// The issuer, as the token's `iss` has it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What stands at the place of `{tenant}`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The tenants of one pattern.
pub(super) struct Tenants {
    pattern: Arc<str>,
    before: String,
    after: String,
    resolve: Box<Resolve>,
    verified: VerifiedTenants,
    unverified: Cache<String, Arc<Entry>>,
}

/// A tenant that is being resolved, or was. Requests that wait for it share the outcome.
type Entry = OnceCell<Result<Arc<Issuer>, Error>>;

pub(super) type Resolve = dyn Fn(Tenant) -> ResolveFuture + Send + Sync;
pub(super) type ResolveFuture =
    Pin<Box<dyn Future<Output = Result<Option<JwtVerifier>, Error>> + Send>>;

/// A tenant that hasn't been resolved.
pub(super) struct NewTenant {
    pub(super) tenants: Arc<Tenants>,
    pub(super) tenant: Tenant,
}

impl Tenants {
    pub(super) fn new(pattern: &str, resolve: Box<Resolve>) -> Result<Self, ConfigError> {
        let (before, after) = pattern.split_once(PLACEHOLDER).ok_or_else(|| {
            ConfigError::new("issuer pattern", pattern, "`{tenant}` stands nowhere in it")
        })?;
        if after.contains(PLACEHOLDER) {
            let problem = "`{tenant}` stands in it twice";
            return Err(ConfigError::new("issuer pattern", pattern, problem));
        }
        Ok(Self {
            pattern: pattern.into(),
            before: before.to_owned(),
            after: after.to_owned(),
            resolve,
            verified: VerifiedTenants::new(),
            unverified: Cache::new(MAX_UNVERIFIED),
        })
    }

    /// Parses `issuer` as a tenant of this pattern.
    pub(super) fn parse(&self, issuer: &str) -> Option<Tenant> {
        let name = issuer.strip_prefix(&*self.before)?.strip_suffix(&*self.after)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let fits = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_plain);
        fits.then(|| Tenant { issuer: issuer.to_owned(), name: name.to_owned() })
    }

    pub(super) fn verified(&self, issuer: &str) -> Option<Arc<Issuer>> {
        self.verified.get(issuer)
    }

    pub(super) fn unverified(&self, issuer: &str) -> Option<Arc<Issuer>> {
        self.unverified.get(issuer)?.get()?.as_ref().ok().cloned()
    }

    /// Moves a tenant whose token has been verified to where invented tenants can't evict it.
    pub(super) fn mark_verified(&self, issuer: &Arc<Issuer>) {
        self.verified.insert(issuer);
        self.unverified.remove(issuer.name());
    }

    fn entry(&self, issuer: &str) -> Arc<Entry> {
        let entry =
            self.unverified.get_or_insert_with(issuer, || Ok::<_, Infallible>(Arc::default()));
        entry.unwrap_or_else(|never| match never {})
    }

    /// Removes a tenant that could not be resolved, so that the next request tries again.
    fn remove(&self, issuer: &str, entry: &Arc<Entry>) {
        self.unverified.remove_if(issuer, |kept| Arc::ptr_eq(kept, entry));
    }

    async fn resolve(&self, tenant: Tenant) -> Result<Arc<Issuer>, Error> {
        let name = tenant.issuer.clone();
        let issuer = (self.resolve)(tenant).await?.ok_or(TokenFault::Issuer)?.issuer;
        if issuer.name() != name {
            return Err(Error::misconfigured(format!(
                "the verifier of issuer `{}` was given for the tenant `{name}`",
                issuer.name()
            )));
        }
        // Metric labels are configured values: the pattern is one, a tenant's name isn't.
        issuer.label(&self.pattern);
        Ok(issuer)
    }
}

impl NewTenant {
    /// Resolves the tenant, once for all requests at the same time, and verifies the token.
    pub(super) async fn verify(self, token: &str, cache: &TokenCache) -> Result<Identity, Error> {
        let Self { tenants, tenant } = self;
        let name = tenant.issuer.clone();
        let entry = tenants.entry(&name);
        let resolve = async || match tenants.verified(&name) {
            // Another request has verified a token since this one looked, or between its two looks.
            Some(issuer) => Ok(issuer),
            None => tenants.resolve(tenant).await,
        };
        let issuer = match entry.get_or_init(resolve).await {
            Ok(issuer) => issuer,
            Err(error) => {
                tenants.remove(&name, &entry);
                return Err(error.clone());
            }
        };
        let parsed = UnverifiedToken::parse(token, |_| Ok::<_, Interrupt>(issuer));
        let first = parsed.and_then(|token| issuer.verify_parsed(token, Attempt::First));
        let verified = issuer.complete(token, first).await?;
        tenants.mark_verified(issuer);
        cache.insert_for_tenant(token, verified, issuer)
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tenants({})", self.pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenants(pattern: &str) -> Result<Tenants, ConfigError> {
        Tenants::new(pattern, Box::new(|_| Box::pin(async { Ok(None) })))
    }

    #[test]
    fn a_tenant_is_a_plain_name_at_the_placeholder() {
        let tenants = tenants("https://login.example/{tenant}/v2.0").unwrap();
        let long = format!("https://login.example/{}/v2.0", "a".repeat(65));
        for (issuer, name) in [
            ("https://login.example/acme/v2.0", Some("acme")),
            ("https://login.example/9122040d-6c67_A/v2.0", Some("9122040d-6c67_A")),
            ("https://login.example//v2.0", None),
            ("https://login.example/v2.0", None),
            ("https://login.example/acme/v2.0/", None),
            ("https://login.example/a/b/v2.0", None),
            ("https://login.example/../v2.0", None),
            ("https://login.example/a%2fb/v2.0", None),
            ("https://login.example/a?/v2.0", None),
            ("https://login.example/a#/v2.0", None),
            ("https://login.example/a@b/v2.0", None),
            ("https://login.example/\u{e4}/v2.0", None),
            ("https://login.example.evil/acme/v2.0", None),
            ("http://login.example/acme/v2.0", None),
            ("HTTPS://login.example/acme/v2.0", None),
            (&long, None),
        ] {
            assert_eq!(
                tenants.parse(issuer).map(|tenant| tenant.name).as_deref(),
                name,
                "{issuer}"
            );
        }
    }

    #[test]
    fn a_tenant_in_the_host_name_cannot_change_the_domain() {
        let tenants = tenants("https://{tenant}.login.example").unwrap();
        for (issuer, is_tenant) in [
            ("https://acme.login.example", true),
            ("https://evil.example/.login.example", false),
            ("https://evil.example#.login.example", false),
            ("https://evil.example?.login.example", false),
            ("https://evil.example:443/.login.example", false),
            ("https://a.b.login.example", false),
        ] {
            assert_eq!(tenants.parse(issuer).is_some(), is_tenant, "{issuer}");
        }
    }

    #[test]
    fn a_pattern_has_exactly_one_placeholder() {
        for pattern in ["https://login.example", "https://{tenant}.example/{tenant}"] {
            let error = tenants(pattern).unwrap_err().to_string();
            assert!(error.starts_with(&format!("issuer pattern `{pattern}`")), "{error}");
        }
    }
}
