//! A service with guards, and the responses that its clients get.

use axum::{Router, routing::get};
use portcullis::{
    AuthenticateLayer, Identity, IntrospectionVerifier, Issuers, RequireScopeLayer, Scope,
    testing::{Fault, TestIssuer},
    verify::RevocationChecked,
};

use crate::support::{API, send, whoami, with_token};

fn orders(verifier: IntrospectionVerifier) -> Router {
    let read = RequireScopeLayer::new(Scope::from_static("orders:read"));
    let handler =
        async |identity: Identity| format!("orders of {}", identity.subject().unwrap_or_default());
    Router::new()
        .route("/", get(handler).route_layer(read))
        .layer(AuthenticateLayer::bearer(verifier).realm("orders"))
}

// Verifies rfc7662-2.2-inactive.
#[tokio::test]
async fn each_outcome_has_its_own_status_and_challenge() {
    let issuer = TestIssuer::new();
    let app = orders(issuer.introspection().audience(API).build().unwrap());
    let token = || issuer.token().audience(API);

    let valid = token().scope("orders:read").mint_opaque();
    let response = send(&app, with_token(&valid)).await;
    assert_eq!((response.status.as_u16(), &*response.body), (200, "orders of alice"));

    let response = send(&app, with_token(&token().scope("orders:write").mint_opaque())).await;
    assert_eq!(response.status, 403);
    assert!(response.challenge().unwrap().contains(r#"error="insufficient_scope""#));

    let response = send(&app, with_token("unknown")).await;
    assert_eq!(response.status, 401);
    let challenge = response.challenge().unwrap();
    assert!(challenge.starts_with(r#"Bearer realm="orders""#), "{challenge}");
    assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    assert_eq!(response.json()["message"], "Token inactive.");

    issuer.fail(Fault::Status(500));
    let response = send(&app, with_token("another")).await;
    assert_eq!(response.status, 503);
    assert_eq!(response.challenge(), None);
    assert_eq!(response.headers["retry-after"], "1");

    issuer.fail(Fault::Status(401));
    let response = send(&app, with_token("another")).await;
    assert_eq!(response.status, 500);
    assert_eq!(response.challenge(), None);

    // The cached response is still used.
    assert_eq!(send(&app, with_token(&valid)).await.status, 200);
}

#[tokio::test]
async fn only_opaque_tokens_are_introspected_beside_jwts() {
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
async fn a_revoked_jwt_is_rejected_by_a_revocation_check() {
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
async fn the_default_client_introspects_over_a_socket() {
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
