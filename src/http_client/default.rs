//! The client of those who give none.

use std::sync::Arc;

use super::HttpClient;
use crate::ConfigError;

/// The client that was given, or the default.
pub(crate) fn or_default(
    given: Option<Arc<dyn HttpClient>>,
) -> Result<Arc<dyn HttpClient>, ConfigError> {
    if let Some(client) = given {
        return Ok(client);
    }
    #[cfg(feature = "reqwest")]
    return match super::ReqwestClient::new() {
        Ok(client) => Ok(Arc::new(client)),
        Err(problem) => Err(ConfigError::new("HTTP client", "reqwest", problem.to_string())),
    };
    #[cfg(not(feature = "reqwest"))]
    Err(ConfigError::new(
        "HTTP client",
        "none",
        "give one by `http_client`, or turn on the feature `reqwest`",
    ))
}
