//! The guard of sessions.

use std::sync::Arc;

use tower_layer::Layer;

use super::{McpSession, session_key::SessionKey};
use crate::{ConfigError, Secret};

/// The fewest bytes of a secret.
const MIN_SECRET: usize = 32;

/// Keeps the sessions of an MCP server with the subject that began them: a request with another subject's
/// `Mcp-Session-Id` gets the response of a session that doesn't exist, 404 ([versions until 2025-11-25]; version
/// 2026-07-28 has no sessions).
///
/// The layer adds a tag to the session id in responses, and verifies and removes it in requests. The tag is a keyed
/// digest of the id, the issuer and the subject, so nothing is stored, and the service sees its own ids. A token
/// without a subject counts by its `client_id`. The sessions of anonymous requests are for anonymous requests.
///
/// Place it inside [`AuthenticateLayer`](crate::AuthenticateLayer), around the MCP server. Without a layer outside, it
/// rejects every request with 500.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::any};
/// use portcullis::{AuthenticateLayer, authorize::mcp::McpSessionLayer};
/// # #[derive(Debug)] struct Nobody;
/// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
/// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
/// #         portcullis::Verification::ready(Err(portcullis::TokenFault::Revoked.into()))
/// #     }
/// # }
/// # let verifier = Nobody;
///
/// let app: Router = Router::new()
///     .route("/mcp", any("the MCP server"))
///     .layer(McpSessionLayer::new())
///     .layer(AuthenticateLayer::bearer(verifier));
/// # assert!(app.has_routes());
/// # }
/// ```
///
/// [versions until 2025-11-25]: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management
#[derive(Debug, Clone)]
#[must_use]
pub struct McpSessionLayer {
    key: Arc<SessionKey>,
}

impl McpSessionLayer {
    /// Creates a layer with a key that never leaves the process. After a restart, clients have to begin new sessions.
    pub fn new() -> Self {
        Self { key: Arc::new(SessionKey::random()) }
    }

    /// Creates a layer with a secret of at least 32 bytes, for replicas that share their sessions.
    ///
    /// # Errors
    ///
    /// Fails if the secret is too short.
    ///
    /// ```
    /// use portcullis::authorize::mcp::McpSessionLayer;
    ///
    /// let error = McpSessionLayer::with_secret("too short").unwrap_err();
    /// assert!(error.to_string().contains("32 bytes"));
    /// ```
    pub fn with_secret(secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::of(&secret.into(), None)
    }

    /// Creates a layer that accepts sessions of a previous secret too, for a change of secrets.
    ///
    /// # Errors
    ///
    /// Fails if a secret is too short.
    pub fn with_secrets(
        current: impl Into<Secret>,
        previous: impl Into<Secret>,
    ) -> Result<Self, ConfigError> {
        Self::of(&current.into(), Some(&previous.into()))
    }

    fn of(current: &Secret, previous: Option<&Secret>) -> Result<Self, ConfigError> {
        for secret in [Some(current), previous].into_iter().flatten() {
            let length = secret.expose().len();
            if length < MIN_SECRET {
                return Err(ConfigError::new(
                    "MCP session secret",
                    format!("{length} bytes"),
                    format!("needs at least {MIN_SECRET} bytes"),
                ));
            }
        }
        Ok(Self { key: Arc::new(SessionKey::new(current, previous)) })
    }
}

impl Default for McpSessionLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for McpSessionLayer {
    type Service = McpSession<S>;

    fn layer(&self, inner: S) -> McpSession<S> {
        McpSession::new(inner, Arc::clone(&self.key))
    }
}
