//! Why the claims of a token can't be read with the options of its issuer.

use super::{MalformedClaim, role_claim::MalformedRoles, scope_claim::MalformedScopes};

/// An error for claims whose values have the wrong type. It contains no part of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClaimsError {
    #[error("{0}")]
    Claim(MalformedClaim),
    #[error("{0}")]
    Roles(MalformedRoles),
    #[error("{0}")]
    Scopes(MalformedScopes),
}
