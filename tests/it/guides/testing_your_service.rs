//! The code of `docs/testing-your-service.md`.

use std::time::Duration;

use axum::{Router, body::Body, http::Request, routing::get};
use portcullis::{
    AuthenticateLayer, Identity, JwtVerifier, RequireScopeLayer, Scope, ScopeSet,
    testing::{Fault, TestIssuer, fixed_identity},
};
use tower::ServiceExt;

#[test]
fn the_guide_shows_tested_code() {
    let page = include_str!("../../../docs/testing-your-service.md");
    super::assert_tested(page, include_str!("testing_your_service.rs"));
}

const API: &str = "https://api.example";
const READ: Scope = Scope::from_static("orders:read");

fn routes() -> Router {
    Router::new().route("/orders", get("orders").route_layer(RequireScopeLayer::new(READ)))
}

fn app(verifier: JwtVerifier) -> Router {
    routes().layer(AuthenticateLayer::bearer(verifier))
}

async fn status(app: &Router, token: &str) -> u16 {
    let request = Request::get("/orders").header("authorization", format!("Bearer {token}"));
    let request = request.body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn tokens_are_validated() {
    let issuer = TestIssuer::new();
    let app = app(issuer.verifier().audience(API).build().unwrap());
    let valid = issuer.token().audience(API).scope("orders:read");

    assert_eq!(status(&app, &valid.clone().mint()).await, 200);
    assert_eq!(status(&app, &valid.clone().scope("profile").mint()).await, 403);
    assert_eq!(status(&app, &valid.clone().audience("https://other.example").mint()).await, 401);
    assert_eq!(status(&app, &valid.clone().without_claim("exp").mint()).await, 401);
    assert_eq!(status(&app, &valid.mint_unsigned()).await, 401);
}

#[tokio::test]
async fn tokens_expire() {
    let issuer = TestIssuer::new();
    let app = app(issuer.verifier().audience(API).build().unwrap());
    let token = issuer.token().audience(API).scope("orders:read").mint();

    assert_eq!(status(&app, &token).await, 200);
    issuer.clock().advance(Duration::from_secs(24 * 3600));
    assert_eq!(status(&app, &token).await, 401);
}

#[tokio::test]
async fn outages_and_key_rotations_are_survived() {
    let issuer = TestIssuer::new();
    let app = app(issuer.verifier().audience(API).build().unwrap());
    let token = || issuer.token().audience(API).scope("orders:read").mint();

    issuer.fail(Fault::Unreachable);
    assert_eq!(status(&app, &token()).await, 503);
    issuer.recover();
    issuer.clock().advance(Duration::from_secs(60));
    assert_eq!(status(&app, &token()).await, 200);
    issuer.rotate_keys(false);
    issuer.clock().advance(Duration::from_secs(60));
    assert_eq!(status(&app, &token()).await, 200);
    issuer.fail(Fault::Hang);
    assert_eq!(status(&app, &token()).await, 200); // cached keys are used
}

#[tokio::test]
async fn handlers_are_tested_without_tokens() {
    let alice = Identity::assertion().subject("alice").scopes(ScopeSet::from_wire("orders:read"));
    let app = routes().layer(fixed_identity(alice.build()));

    let request = Request::get("/orders").body(Body::empty()).unwrap();
    assert_eq!(app.oneshot(request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_issuer_listens_on_a_port() {
    let issuer = TestIssuer::serve().await.unwrap();
    let verifier = JwtVerifier::builder(issuer.issuer()).audience(API).build().unwrap();
    let token = issuer.token().audience(API).scope("orders:read").mint();
    assert_eq!(status(&app(verifier), &token).await, 200);
}
