//! How the claims of one issuer are read.

use super::ClaimPlaces;

/// What an issuer's tokens contain beyond the standard claims.
#[derive(Debug, Default)]
pub(crate) struct ClaimOptions {
    pub(crate) places: ClaimPlaces,
    /// Whether integers are accepted as `sub`, `jti` and `client_id`.
    pub(crate) numeric_identifiers: bool,
}
