//! The router for resource metadata.

use axum::Router;

use crate::AuthenticateLayer;

impl AuthenticateLayer {
    /// Returns a router that serves the metadata of the [`resource`](Self::resource) at its well-known path.
    ///
    /// Call it after all options are set, and merge it into the outermost router, after the routes that need
    /// authentication. It is needed if the layer is in a [nested] router, which never sees the path, or in a router
    /// that is [merged] with others.
    ///
    /// ```
    /// # #[derive(Debug)] struct RejectAll;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for RejectAll {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{Router, body::Body, routing::get};
    /// use http::Request;
    /// use portcullis::{AuthenticateLayer, ProtectedResource};
    /// use tower::ServiceExt;
    /// # let verifier = RejectAll;
    ///
    /// let resource = ProtectedResource::builder("https://api.example/orders").build()?;
    /// let authenticate = AuthenticateLayer::bearer(verifier).resource(resource);
    /// let orders = Router::new().route("/", get("orders")).layer(authenticate.clone());
    /// let app: Router =
    ///     Router::new().nest("/orders", orders).merge(authenticate.resource_router());
    ///
    /// let path = "/.well-known/oauth-protected-resource/orders";
    /// let response = app.oneshot(Request::get(path).body(Body::empty())?).await?;
    /// assert_eq!(response.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [merged]: https://docs.rs/axum/latest/axum/struct.Router.html#method.merge
    /// [nested]: https://docs.rs/axum/latest/axum/struct.Router.html#method.nest
    pub fn resource_router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let service = self.resource_service();
        // A path segment may begin with a colon or an asterisk, which older versions of axum treated as a parameter.
        service.paths().fold(Router::new().without_v07_checks(), |router, path| {
            router.route_service(path, service.clone())
        })
    }
}
