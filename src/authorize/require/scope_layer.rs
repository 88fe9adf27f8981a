//! The guard of a route by scopes.

use tower_layer::Layer;

use super::{Require, RequireLayer};
use crate::ScopePolicy;

/// Rejects requests whose token lacks a scope, with `403 Forbidden` and the scopes that are needed
/// ([RFC 6750 §3.1]).
///
/// It reads the identity that an [`AuthenticateLayer`](crate::AuthenticateLayer) outside it has
/// found. A request without one is rejected with 401; without such a layer every request is rejected
/// with 500.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use portcullis::{RequireScopeLayer, Scope};
///
/// const READ: Scope = Scope::from_static("orders:read");
/// const ADMIN: Scope = Scope::from_static("admin");
///
/// let app: Router = Router::new()
///     .route("/orders", get("…").route_layer(RequireScopeLayer::new(READ)))
///     .route("/reports", get("…").route_layer(RequireScopeLayer::new(READ.or(ADMIN))));
/// # assert!(app.has_routes());
/// # }
/// ```
///
/// [RFC 6750 §3.1]: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
#[derive(Debug, Clone)]
#[must_use]
pub struct RequireScopeLayer(RequireLayer);

impl RequireScopeLayer {
    /// Requires a scope, or what a [`ScopePolicy`] says. A policy without scopes rejects every request.
    pub fn new(policy: impl Into<ScopePolicy>) -> Self {
        let policy = policy.into();
        Self(RequireLayer::new(move |identity| identity.require_ref(&policy)))
    }
}

impl<S> Layer<S> for RequireScopeLayer {
    type Service = Require<S>;

    fn layer(&self, inner: S) -> Require<S> {
        self.0.layer(inner)
    }
}
