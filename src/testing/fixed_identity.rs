//! A layer for tests that authenticates every request without credentials.

use crate::{AuthenticateLayer, BearerToken, Identity, Verification, Verify};

/// Returns a layer that authenticates every request as `identity`, regardless of its credentials. Use it to
/// test a router and its guards without tokens.
///
/// It renders rejections, and has all options of an [`AuthenticateLayer`], such as policies. To test the
/// authentication itself, mint tokens with a `TestIssuer` instead.
///
/// ```
/// # #[cfg(feature = "axum")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, body::Body, http::Request, routing::get};
/// use portcullis::{Identity, RequireScopeLayer, Scope, ScopeSet, testing::fixed_identity};
/// use tower::ServiceExt;
///
/// /// The router of the service, without its layer.
/// fn routes() -> Router {
///     let read = RequireScopeLayer::new(Scope::from_static("orders:read"));
///     Router::new().route("/orders", get("…").route_layer(read))
/// }
///
/// for (scopes, status) in [("orders:read", 200), ("", 403)] {
///     let alice = Identity::assertion().subject("alice").scopes(ScopeSet::from_wire(scopes)).build();
///     let app = routes().layer(fixed_identity(alice));
///     let request = Request::get("/orders").body(Body::empty())?;
///     assert_eq!(app.oneshot(request).await?.status(), status);
/// }
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "axum"))]
/// # fn main() {}
/// ```
pub fn fixed_identity(identity: Identity) -> AuthenticateLayer {
    AuthenticateLayer::bearer(Fixed(identity))
        .without_authorization_header()
        .source(|_| Ok(Some("fixed-identity".to_owned())))
}

struct Fixed(Identity);

impl Verify<BearerToken<'_>> for Fixed {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::ready(Ok(self.0.clone()))
    }
}
