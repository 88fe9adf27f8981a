//! The options for reading the claims of one issuer.

use super::ClaimPlaces;

/// The options for claims that differ from the standards.
#[derive(Debug, Default)]
pub(crate) struct ClaimOptions {
    pub(crate) places: ClaimPlaces,
    /// Whether integers are accepted as `sub`, `jti` and `client_id`.
    pub(crate) numeric_identifiers: bool,
}
