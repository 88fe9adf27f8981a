//! The code of `docs/opaque-tokens.md`.

use std::time::Duration;

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{
    AuthenticateLayer, ConfigError, IntrospectionVerifier, JwtVerifier, testing::TestIssuer,
    verify::RevocationChecked,
};

use crate::support::{TestResponse, send};

#[test]
fn the_guide_shows_tested_code() {
    let page = include_str!("../../../docs/opaque-tokens.md");
    super::assert_tested(page, include_str!("opaque_tokens.rs"));
}

fn introspection() -> Result<AuthenticateLayer, ConfigError> {
    let verifier = IntrospectionVerifier::discover("https://as.example")
        .client_secret_basic("orders-api", "s3cret")
        .audience("https://api.example")
        .build()?;
    Ok(AuthenticateLayer::bearer(verifier))
}

fn without_audience() -> Result<IntrospectionVerifier, ConfigError> {
    IntrospectionVerifier::builder("https://as.example/oauth/introspect")
        .client_secret_post("orders-api", "s3cret")
        .without_audience()
        .cache_for(Duration::from_secs(10))
        .build()
}

fn checked(
    jwts: JwtVerifier,
    introspection: IntrospectionVerifier,
) -> RevocationChecked<JwtVerifier, IntrospectionVerifier> {
    RevocationChecked::new(jwts, introspection)
}

async fn call(app: &Router, token: &str) -> TestResponse {
    let request = Request::get("/").header("authorization", format!("Bearer {token}"));
    send(app, request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_revoked_token_is_rejected_when_its_cached_response_expires() {
    assert!(introspection().is_ok() && without_audience().is_ok());

    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience("https://api.example").build().unwrap();
    let layer = AuthenticateLayer::bearer(verifier);
    let app = Router::new().route("/", get("orders")).layer(layer);
    let token = issuer.token().audience("https://api.example").mint_opaque();

    assert_eq!(call(&app, &token).await.status, 200);
    issuer.revoke(token.as_str());
    assert_eq!(call(&app, &token).await.status, 200); // from the cache
    issuer.clock().advance(Duration::from_secs(61));
    assert_eq!(call(&app, &token).await.status, 401);
}

#[tokio::test]
async fn a_revoked_jwt_is_rejected_if_its_issuer_is_asked() {
    let issuer = TestIssuer::new();
    let jwts = issuer.verifier().audience("https://api.example").build().unwrap();
    let introspection = issuer.introspection().audience("https://api.example").build().unwrap();
    let layer = AuthenticateLayer::bearer(checked(jwts, introspection));
    let app = Router::new().route("/", get("orders")).layer(layer);
    let token = issuer.token().audience("https://api.example").mint();
    issuer.revoke(token.as_str());
    assert_eq!(call(&app, &token).await.status, 401);
}
