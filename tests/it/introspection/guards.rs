//! As a service meets it: a router, guards, and what its clients get.

use axum::{Router, routing::get};
use portcullis::{
    AuthenticateLayer, Identity, IntrospectionVerifier, Issuers, RequireScopeLayer, Scope,
    testing::{Fault, TestIssuer},
    verify::RevocationChecked,
};

use crate::support::{API, send, whoami, with_token};

fn orders(verifier: IntrospectionVerifier) -> Router {
    let read = RequireScopeLayer::new(Scope::from_static("orders:read"));
    let whose = async |who: Identity| format!("orders of {}", who.subject().unwrap_or_default());
    Router::new()
        .route("/", get(whose).route_layer(read))
        .layer(AuthenticateLayer::bearer(verifier).realm("orders"))
}

#[tokio::test]
async fn each_outcome_has_its_status_and_its_challenge() {
    let issuer = TestIssuer::new();
    let app = orders(issuer.introspection().audience(API).build().unwrap());
    let token = || issuer.token().audience(API);

    let good = token().scope("orders:read").mint_opaque();
    let answer = send(&app, with_token(&good)).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, "orders of alice"));

    let answer = send(&app, with_token(&token().scope("orders:write").mint_opaque())).await;
    assert_eq!(answer.status, 403);
    assert!(answer.challenge().unwrap().contains(r#"error="insufficient_scope""#));

    let answer = send(&app, with_token("made-up")).await;
    assert_eq!(answer.status, 401);
    let challenge = answer.challenge().unwrap();
    assert!(challenge.starts_with(r#"Bearer realm="orders""#), "{challenge}");
    assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    assert_eq!(answer.json()["message"], "Token inactive.");

    issuer.fail(Fault::Status(500));
    let answer = send(&app, with_token("another")).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.challenge(), None);
    assert_eq!(answer.headers["retry-after"], "1");

    issuer.fail(Fault::Status(401));
    let answer = send(&app, with_token("another")).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.challenge(), None);

    // What was found out before still serves.
    assert_eq!(send(&app, with_token(&good)).await.status, 200);
}

#[tokio::test]
async fn opaque_tokens_stand_beside_jwts_of_the_same_issuer() {
    let issuer = TestIssuer::new();
    let issuers = Issuers::builder()
        .trust(issuer.verifier().audience(API).build().unwrap())
        .opaque(issuer.introspection().audience(API).build().unwrap())
        .build()
        .unwrap();
    let app: Router = whoami().layer(AuthenticateLayer::bearer(issuers));
    let token = || issuer.token().audience(API);
    assert_eq!(send(&app, with_token(&token().mint())).await.status, 200);
    assert_eq!(issuer.requests_to("/introspect"), 0);
    assert_eq!(send(&app, with_token(&token().mint_opaque())).await.status, 200);
    assert_eq!(issuer.requests_to("/introspect"), 1);
}

#[tokio::test]
async fn a_jwt_that_was_revoked_is_rejected_where_its_issuer_is_asked_too() {
    let issuer = TestIssuer::new();
    let introspection = issuer.introspection().audience(API).build().unwrap();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let checked = RevocationChecked::new(verifier, introspection.clone());
    let app: Router = whoami().layer(AuthenticateLayer::bearer(checked));
    let token = issuer.token().audience(API).mint();
    assert_eq!(send(&app, with_token(&token)).await.status, 200);
    issuer.revoke(&token);
    introspection.invalidate(&token);
    assert_eq!(send(&app, with_token(&token)).await.status, 401);
}

#[tokio::test]
async fn an_issuer_on_a_socket_is_asked_by_the_default_client() {
    let issuer = TestIssuer::serve().await.unwrap();
    issuer.register_client("orders-api", "s3cret");
    let verifier = IntrospectionVerifier::discover(issuer.issuer())
        .client_secret_post("orders-api", "s3cret")
        .audience(API)
        .build()
        .unwrap();
    let app = orders(verifier);
    let token = issuer.token().audience(API).scope("orders:read").mint_opaque();
    assert_eq!(send(&app, with_token(&token)).await.body, "orders of alice");
    issuer.fail(Fault::Huge);
    assert_eq!(send(&app, with_token("another")).await.status, 503);
}
