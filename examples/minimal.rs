//! A complete service, and a test of it: `cargo run --example minimal`, `cargo test --example minimal`.

use std::error::Error;

use axum::{Router, routing::get};
use portcullis::{AuthenticateLayer, Identity, JwtVerifier, RequireScopeLayer, Scope};
use tokio::net::TcpListener;

const READ: Scope = Scope::from_static("orders:read");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let verifier =
        JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app(verifier)).await?)
}

fn app(verifier: JwtVerifier) -> Router {
    Router::new()
        .route("/orders", get(orders).route_layer(RequireScopeLayer::new(READ)))
        .route("/me", get(me))
        .layer(AuthenticateLayer::bearer(verifier).realm("orders"))
}

async fn orders() -> &'static str {
    "two teapots and a kettle"
}

async fn me(identity: Identity) -> String {
    format!("Hello, {}!", identity.subject().unwrap_or("stranger"))
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use portcullis::testing::TestIssuer;
    use tower::ServiceExt;

    #[tokio::test]
    async fn orders_require_their_scope() {
        let issuer = TestIssuer::new();
        let verifier = issuer.verifier().audience("https://api.example").build().unwrap();
        for (scope, status) in [("profile", 403), ("orders:read", 200)] {
            let token = issuer.token().audience("https://api.example").scope(scope).mint();
            let request =
                Request::get("/orders").header("authorization", format!("Bearer {token}"));
            let request = request.body(Body::empty()).unwrap();
            let response = super::app(verifier.clone()).oneshot(request).await.unwrap();
            assert_eq!(response.status(), status);
        }
    }
}
