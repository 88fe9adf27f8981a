//! The layer that binds MCP sessions to their subject.

use std::sync::Arc;

use tower_layer::Layer;

use super::{McpSession, session_key::SessionKey};
use crate::{ConfigError, Secret};

/// The minimum length of a secret, in bytes.
const MIN_SECRET: usize = 32;

/// Binds the sessions of an MCP server to the subject that started them.
///
/// A request with the `Mcp-Session-Id` of another subject gets the same 404 response as one for a session that doesn't
/// exist ([versions up to 2025-11-25]; version 2026-07-28 has no sessions).
///
/// The layer adds a tag to the session id in responses, and verifies and removes it in requests. The tag is a keyed
/// digest of the session id, the issuer and the subject. Nothing is stored, and the service sees only its own ids.
/// Sessions of a token without a subject are bound to its `client_id`. Sessions of anonymous requests can be used by
/// anonymous requests only.
///
/// Place it inside [`AuthenticateLayer`](crate::AuthenticateLayer), around the MCP server. If no such layer ran, it
/// rejects every request with 500.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::any};
/// use portcullis::{AuthenticateLayer, authorize::mcp::McpSessionLayer};
/// # #[derive(Debug)] struct RejectAll;
/// # impl portcullis::Verify<portcullis::BearerToken<'_>> for RejectAll {
/// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
/// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
/// #     }
/// # }
/// # let verifier = RejectAll;
///
/// let app: Router = Router::new()
///     .route("/mcp", any("the MCP server"))
///     .layer(McpSessionLayer::new())
///     .layer(AuthenticateLayer::bearer(verifier));
/// # assert!(app.has_routes());
/// # }
/// ```
///
/// [versions up to 2025-11-25]: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management
#[derive(Debug, Clone)]
#[must_use]
pub struct McpSessionLayer {
    key: Arc<SessionKey>,
}

impl McpSessionLayer {
    /// Creates a layer with a random key. After a restart of the process, clients have to start new sessions.
    pub fn new() -> Self {
        Self { key: Arc::new(SessionKey::random()) }
    }

    /// Creates a layer with a secret of at least 32 bytes. Use the same secret on all replicas that serve the same
    /// sessions.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if the secret is too short.
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

    /// Creates a layer that also accepts sessions of the previous secret, for replacing a secret without ending
    /// sessions.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if one of the secrets is too short.
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
                    format!("must be at least {MIN_SECRET} bytes long"),
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
