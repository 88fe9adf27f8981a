//! How the claims of an issuer's tokens are read.

use super::scope_claim::ScopeClaim;

/// The options of one issuer.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClaimOptions {
    /// The places for scopes besides `scope` and `scp`.
    pub(crate) scope_claims: Vec<ScopeClaim>,
    /// Whether `sub`, `jti` and `client_id` may be integers, which are read as their decimal text.
    pub(crate) numeric_identifiers: bool,
}
