//! The guard that requires scopes.

use tower_layer::Layer;

use super::{Require, RequireLayer};
use crate::{authorize::Requirements, scope::ScopePolicy};

/// Rejects requests whose token lacks a required scope, with `403 Forbidden` and a challenge that names the required
/// scopes ([RFC 6750 §3.1]).
///
/// Place it inside an [`AuthenticateLayer`](crate::AuthenticateLayer), which provides the identity. An anonymous
/// request is rejected with 401, and the challenge names the scopes too. If no such layer ran, every request is
/// rejected with 500.
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
    /// Creates a layer that requires a scope, or what a [`ScopePolicy`] requires. If the policy contains no scope,
    /// every request is rejected.
    pub fn new(policy: impl Into<ScopePolicy>) -> Self {
        Self(RequireLayer::requirements(policy.into()))
    }

    /// Adds further requirements: roles, claims, or how the user authenticated ([RFC 9470]).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use portcullis::{RequireScopeLayer, Scope, identity::Authentication};
    ///
    /// const PAY: Scope = Scope::from_static("pay");
    ///
    /// let recently = Authentication::acr(["urn:example:mfa"]).max_age(Duration::from_secs(300));
    /// let layer = RequireScopeLayer::new(PAY).and(recently);
    /// assert!(format!("{layer:?}").contains("urn:example:mfa"));
    /// ```
    ///
    /// [RFC 9470]: https://www.rfc-editor.org/rfc/rfc9470
    pub fn and(self, other: impl Into<Requirements>) -> Self {
        Self(self.0.and(other))
    }
}

impl<S> Layer<S> for RequireScopeLayer {
    type Service = Require<S>;

    fn layer(&self, inner: S) -> Require<S> {
        self.0.layer(inner)
    }
}
