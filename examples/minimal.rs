//! A complete service: `cargo run --example minimal`.

use std::error::Error;

use axum::{Router, routing::get};
use portcullis::{AuthenticateLayer, Identity, JwtVerifier, RequireScopeLayer, Scope};
use tokio::net::TcpListener;

const READ: Scope = Scope::from_static("orders:read");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let verifier =
        JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
    let app = Router::new()
        .route("/orders", get(orders).route_layer(RequireScopeLayer::new(READ)))
        .route("/me", get(me))
        .layer(AuthenticateLayer::bearer(verifier).realm("orders"));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

async fn orders() -> &'static str {
    "two teapots and a kettle"
}

async fn me(identity: Identity) -> String {
    format!("Hello, {}!", identity.subject().unwrap_or("stranger"))
}
