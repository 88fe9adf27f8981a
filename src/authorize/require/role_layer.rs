//! The guard that requires roles.

use tower_layer::Layer;

use super::{Require, RequireLayer};
use crate::authorize::Requirements;

/// Rejects requests whose identity lacks a role, with `403 Forbidden`.
///
/// The verifier decides where roles are read from. They are separate from scopes: see
/// [`RoleSet`](crate::identity::RoleSet). The rejection has no challenge and names no scope, because a client can't request a role.
///
/// Place it inside an [`AuthenticateLayer`](crate::AuthenticateLayer), which provides the identity. An anonymous
/// request is rejected with 401. If no such layer ran, every request is rejected with 500.
///
/// ```
/// # #[cfg(all(feature = "axum", feature = "testing", feature = "_jwt"))]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, body::Body, http::Request, routing::get};
/// use portcullis::{AuthenticateLayer, RequireRoleLayer, testing::TestIssuer};
/// use serde_json::json;
/// use tower::ServiceExt;
///
/// let issuer = TestIssuer::new();
/// // For Keycloak: its tokens contain `"realm_access": {"roles": ["admin"]}`.
/// let verifier =
///     issuer.verifier().audience("https://api.example").roles("/realm_access/roles").build()?;
/// let app: Router = Router::new()
///     .route("/admin", get("…").route_layer(RequireRoleLayer::new("admin")))
///     .layer(AuthenticateLayer::bearer(verifier));
///
/// let token = issuer.token().audience("https://api.example");
/// for (token, status) in [
///     (token.clone().claim("realm_access", json!({ "roles": ["admin"] })), 200),
///     (token.scope("admin"), 403),
/// ] {
///     let request = Request::get("/admin").header("authorization", format!("Bearer {}", token.mint()));
///     assert_eq!(app.clone().oneshot(request.body(Body::empty())?).await?.status(), status);
/// }
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "axum", feature = "testing", feature = "_jwt")))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct RequireRoleLayer(RequireLayer);

impl RequireRoleLayer {
    /// Creates a layer that requires a role. If the role is empty or contains a control character, every request is
    /// rejected with 500.
    pub fn new(role: impl Into<String>) -> Self {
        Self(RequireLayer::requirements(Requirements::role(role)))
    }

    /// Creates a layer that requires at least one of these roles. If the list is empty, every request is rejected with
    /// 500.
    ///
    /// ```
    /// use portcullis::RequireRoleLayer;
    ///
    /// let layer = RequireRoleLayer::any(["admin", "auditor"]);
    /// assert!(format!("{layer:?}").contains("auditor"));
    /// ```
    pub fn any<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Self {
        Self(RequireLayer::requirements(Requirements::any_role(roles)))
    }

    /// Adds further requirements: scopes, claims, or how the user authenticated.
    ///
    /// ```
    /// use portcullis::{RequireRoleLayer, Scope};
    ///
    /// let layer = RequireRoleLayer::new("admin").and(Scope::from_static("users:write"));
    /// assert!(format!("{layer:?}").contains("users:write"));
    /// ```
    pub fn and(self, other: impl Into<Requirements>) -> Self {
        Self(self.0.and(other))
    }
}

impl<S> Layer<S> for RequireRoleLayer {
    type Service = Require<S>;

    fn layer(&self, inner: S) -> Require<S> {
        self.0.layer(inner)
    }
}
