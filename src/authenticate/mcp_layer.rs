//! A layer that also reads the bodies of MCP requests.

use tower_layer::Layer;

use super::{Authenticate, AuthenticateLayer};
use crate::authorize::mcp::ReadMcpBodies;

/// An [`AuthenticateLayer`] that finds the operations of older MCP clients in bodies: see
/// [`AuthenticateLayer::read_mcp_bodies`].
#[derive(Debug, Clone)]
#[must_use]
pub struct McpBodiesLayer {
    layer: AuthenticateLayer,
    max_bytes: usize,
}

impl AuthenticateLayer {
    /// Reads bodies of up to `max_bytes` of requests to MCP endpoints of the [table](Self::policies), if the headers
    /// don't say what is requested: those of clients that implement a version before 2026-07-28. Call it last.
    ///
    /// By default, such a request needs what all rows of the endpoint need together. With this, it needs what the
    /// message in its body requires, for example the row of the tool in a `tools/call`. A batch needs the rows of all
    /// its messages. A body that is longer, isn't JSON by strict rules (each name once, no `$serde_json::private::…`, at
    /// most 32 levels), or isn't a message or a batch of messages still needs all rows.
    ///
    /// Bodies are read after the token has been verified, and before that only if a row of the endpoint is
    /// [`Access::Anonymous`](crate::Access::Anonymous). The inner service gets the body as it was received, as
    /// [`McpBody`](crate::authorize::mcp::McpBody). A request without a token is rejected before its body is read, so
    /// that the challenge names the scopes of [`Mcp::otherwise`](crate::policies::Mcp::otherwise), to which
    /// `initialize` belongs.
    ///
    /// ```
    /// # #[cfg(all(feature = "axum", feature = "_jwt", feature = "testing"))]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{Router, body::Body, routing::post};
    /// use http::Request;
    /// use portcullis::{AuthenticateLayer, Policies, Scope, policies::Mcp, testing::TestIssuer};
    /// use tower::ServiceExt;
    ///
    /// const READ: Scope = Scope::from_static("orders:read");
    /// const ADMIN: Scope = Scope::from_static("orders:admin");
    ///
    /// let issuer = TestIssuer::new();
    /// let verifier = issuer.verifier().audience("https://api.example/mcp").build()?;
    /// let mcp = Mcp::tools([("list_orders", READ), ("execute_sql", ADMIN)]).otherwise(READ);
    /// let policies = Policies::builder().mcp("/mcp", mcp).build()?;
    /// let app: Router = Router::new()
    ///     .route("/mcp", post(async |body: String| body))
    ///     .layer(AuthenticateLayer::bearer(verifier).policies(policies).read_mcp_bodies(64 * 1024));
    ///
    /// let token = issuer.token().audience("https://api.example/mcp").scope("orders:read").mint();
    /// for (tool, status) in [("list_orders", 200), ("execute_sql", 403)] {
    ///     let message = format!(r#"{{"method":"tools/call","params":{{"name":"{tool}"}}}}"#);
    ///     let request = Request::post("/mcp").header("authorization", format!("Bearer {token}"));
    ///     let response = app.clone().oneshot(request.body(Body::from(message))?).await?;
    ///     assert_eq!(response.status(), status);
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(all(feature = "axum", feature = "_jwt", feature = "testing")))]
    /// # fn main() {}
    /// ```
    pub fn read_mcp_bodies(mut self, max_bytes: usize) -> McpBodiesLayer {
        self.config_mut().reads_mcp_bodies = true;
        McpBodiesLayer { layer: self, max_bytes }
    }
}

impl<S> Layer<S> for McpBodiesLayer {
    type Service = Authenticate<ReadMcpBodies<S>>;

    fn layer(&self, inner: S) -> Self::Service {
        let policies = self.layer.config.policies.clone();
        self.layer.layer(ReadMcpBodies::new(inner, policies, self.max_bytes))
    }
}
