//! A tenant, as passed to the function that resolves tenants.

/// The tenant of a token: an issuer that matches a pattern.
///
/// ```
/// use portcullis::{Issuers, issuers::Tenant};
///
/// # let _ =
/// Issuers::builder().tenants("https://login.example/{tenant}", async |tenant: Tenant| {
///     assert_eq!(tenant.issuer(), format!("https://login.example/{}", tenant.name()));
///     Ok(None)
/// });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub(super) issuer: String,
    pub(super) name: String,
    pub(super) is_known: bool,
}

impl Tenant {
    /// Returns the issuer, which is the `iss` of the token.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns the part of the issuer that `{tenant}` matches.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether the tenant was resolved before and has a verifier, so that
    /// [`TenantResolution::Keep`](super::TenantResolution::Keep) is a valid result.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.is_known
    }
}
