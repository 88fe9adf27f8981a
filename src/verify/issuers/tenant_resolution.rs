//! The result of resolving a tenant.

use crate::JwtVerifier;

/// The result of resolving a tenant, which the function that is passed to
/// [`IssuersBuilder::tenants_with`](super::IssuersBuilder::tenants_with) returns.
///
/// A tenant is resolved when its first token arrives, and again at most once a minute while its tokens arrive.
/// Verifiers can't be compared, so a tenant that is resolved again keeps its verifier, with its keys and cached
/// tokens, unless the verifier is explicitly replaced.
///
/// ```
/// use portcullis::{JwtVerifier, issuers::TenantResolution};
///
/// let verifier = JwtVerifier::builder("https://login.example/acme").audience("api").build()?;
/// assert!(matches!(TenantResolution::from(Some(verifier)), TenantResolution::Use(_)));
/// assert!(matches!(TenantResolution::from(None), TenantResolution::Unknown));
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TenantResolution {
    /// The tenant keeps its current verifier. If it has none yet, this is a misconfiguration: see
    /// [`Tenant::is_known`](super::Tenant::is_known).
    Keep,
    /// The tenant gets this verifier, which replaces its current one, if any. The keys are fetched again and
    /// cached tokens are verified again.
    Replace(JwtVerifier),
    /// There is no such tenant. Its tokens are rejected, including cached ones.
    Unknown,
    /// The tenant is known, and gets this verifier if it has none yet.
    Use(JwtVerifier),
}

impl From<Option<JwtVerifier>> for TenantResolution {
    fn from(verifier: Option<JwtVerifier>) -> Self {
        verifier.map_or(Self::Unknown, Self::Use)
    }
}
