//! The options for reading the claims of one issuer.

use std::time::Duration;

use super::{ClaimPlaces, GivenPlaces};
use crate::ConfigError;

/// The options for claims that differ from the standards.
#[derive(Debug, Default)]
pub(crate) struct ClaimOptions {
    pub(crate) places: ClaimPlaces,
    /// Whether integers are accepted as `sub`, `jti` and `client_id`.
    pub(crate) numeric_identifiers: bool,
}

/// The options for claims that JWTs and introspection responses have in common, before they are validated.
#[derive(Debug, Default)]
pub(crate) struct GivenClaimOptions {
    pub(crate) places: GivenPlaces,
    pub(crate) numeric_identifiers: bool,
    pub(crate) max_lifetime: Option<Duration>,
}

impl GivenClaimOptions {
    pub(crate) fn validate(&self) -> Result<ClaimOptions, ConfigError> {
        let places = self.places.validate()?;
        Ok(ClaimOptions { places, numeric_identifiers: self.numeric_identifiers })
    }

    /// Returns the maximum of `exp` minus `iat`.
    pub(crate) fn max_lifetime(&self) -> Result<Option<Duration>, ConfigError> {
        match self.max_lifetime {
            Some(Duration::ZERO) => {
                Err(ConfigError::new("maximum lifetime", "0s", "must be longer than zero"))
            }
            max => Ok(max),
        }
    }
}
