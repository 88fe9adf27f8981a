//! The client that is used if none is configured.

use std::sync::Arc;

use super::HttpClient;
use crate::ConfigError;

/// Returns the configured client, or the default.
#[cfg_attr(
    feature = "reqwest",
    expect(clippy::unnecessary_wraps, reason = "fails without `reqwest`")
)]
pub(crate) fn or_default(
    configured: Option<Arc<dyn HttpClient>>,
) -> Result<Arc<dyn HttpClient>, ConfigError> {
    if let Some(client) = configured {
        return Ok(client);
    }
    #[cfg(feature = "reqwest")]
    return Ok(Arc::new(super::ReqwestClient::new()));
    #[cfg(not(feature = "reqwest"))]
    Err(ConfigError::new(
        "HTTP client",
        "none",
        "configure one with `http_client`, or enable the feature `reqwest`",
    ))
}
