//! Requests to a service behind a table.

use axum::{Router, body::Body, routing::any};
use http::{Method, Request};
use portcullis::{
    Access, AuthenticateLayer, ErrorKind, Identity, Policies, ScopeSet, Verification, Verify,
    testing::TestIssuer,
};

use super::{READ, WRITE};
use crate::support::{API, TestResponse, send};

fn policies() -> Policies {
    Policies::builder()
        .route(Method::GET, "/", Access::Anonymous)
        .route(Method::GET, "/me", Access::Authenticated)
        .route(Method::GET, "/orders/{id}", READ)
        .any_method("/orders/{id}", READ.and(WRITE))
        .route(Method::GET, "/orders/all", Access::Deny)
        .build()
        .unwrap()
}

/// A service that responds to every request with the subject.
fn service(layer: AuthenticateLayer) -> Router {
    let whoami = async |identity: Option<Identity>| match identity {
        Some(identity) => identity.subject().unwrap_or("no subject").to_owned(),
        None => "anonymous".to_owned(),
    };
    Router::new()
        .route("/", any(whoami))
        .route("/{*rest}", any(whoami))
        .layer(layer.policies(policies()))
}

fn layer(issuer: &TestIssuer) -> AuthenticateLayer {
    AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap())
}

async fn ask(app: &Router, request: &str, token: Option<&str>) -> TestResponse {
    let (method, path) = request.split_once(' ').unwrap();
    let mut builder = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        builder = builder.header("authorization", format!("Bearer {token}"));
    }
    send(app, builder.body(Body::empty()).unwrap()).await
}

/// The statuses without a token, and with a token without scopes, with `read`, and with both scopes.
type Case = (&'static str, [u16; 4]);

const CASES: [Case; 22] = [
    ("GET /", [200, 200, 200, 200]),
    ("HEAD /", [200, 200, 200, 200]),
    ("POST /", [401, 403, 403, 403]),
    ("GET /me", [401, 200, 200, 200]),
    ("HEAD /me", [401, 200, 200, 200]),
    ("DELETE /me", [401, 403, 403, 403]),
    ("GET /orders/1", [401, 403, 200, 200]),
    ("HEAD /orders/1", [401, 403, 200, 200]),
    ("PUT /orders/1", [401, 403, 403, 200]),
    ("GET /orders/all", [401, 403, 403, 403]),
    ("PUT /orders/all", [401, 403, 403, 403]),
    ("GET /other", [401, 403, 403, 403]),
    // Other spellings (case, slashes, dots, encoding) never match a different row than the plain path.
    ("GET /ME", [401, 403, 403, 403]),
    ("GET /me/", [401, 403, 403, 403]),
    ("GET //me", [401, 403, 403, 403]),
    ("GET /x/../me", [401, 403, 403, 403]),
    ("GET /m%65", [401, 403, 403, 403]),
    ("GET /orders/ALL", [401, 403, 403, 403]),
    ("GET /orders/al%6C", [401, 403, 403, 403]),
    ("GET /orders/all/", [401, 403, 403, 403]),
    ("GET /orders/./all", [401, 403, 403, 403]),
    ("GET /orders%2Fall", [401, 403, 403, 403]),
];

// Verifies rfc9700-2.3-actions.
#[tokio::test]
async fn each_request_requires_what_its_row_lists() {
    let issuer = TestIssuer::new();
    let app = service(layer(&issuer));
    let token = |scope: &str| issuer.token().audience(API).scope(scope).mint();
    let tokens = [
        None,
        Some(token("")),
        Some(token("orders:read")),
        Some(token("orders:read orders:write")),
    ];
    for (request, statuses) in CASES {
        for (token, status) in tokens.iter().zip(statuses) {
            let response = ask(&app, request, token.as_deref()).await;
            assert_eq!(response.status, status, "{request} {token:?}");
        }
    }
}

#[tokio::test]
async fn the_challenge_names_the_scopes_of_the_row() {
    let issuer = TestIssuer::new();
    let app = service(layer(&issuer));
    let token = issuer.token().audience(API).scope("orders:read").mint();
    let response = ask(&app, "PUT /orders/1", Some(&token)).await;
    assert_eq!(response.kind(), Some(ErrorKind::InsufficientScope));
    assert!(response.challenge().unwrap().ends_with(r#"scope="orders:read orders:write""#));
    let response = ask(&app, "GET /other", Some(&token)).await;
    assert_eq!(response.kind(), Some(ErrorKind::AccessDenied));
    let source = std::error::Error::source(response.error.as_ref().unwrap()).unwrap();
    assert_eq!(source.to_string(), "no policy row matches this method and path");
}

#[tokio::test]
async fn an_anonymous_row_verifies_credentials_if_there_are_any() {
    let issuer = TestIssuer::new();
    let app = service(layer(&issuer));
    assert_eq!(ask(&app, "GET /", None).await.body, "anonymous");
    let token = issuer.token().audience(API).mint();
    assert_eq!(ask(&app, "GET /", Some(&token)).await.body, "alice");
    assert_eq!(ask(&app, "GET /", Some("garbage")).await.status, 401);
}

#[tokio::test]
async fn the_table_overrides_allow_anonymous() {
    let issuer = TestIssuer::new();
    let app = service(layer(&issuer).allow_anonymous());
    assert_eq!(ask(&app, "GET /", None).await.status, 200);
    assert_eq!(ask(&app, "GET /me", None).await.status, 401);
    assert_eq!(ask(&app, "GET /other", None).await.status, 401);
}

/// Accepts every token after the task has yielded once.
struct Slow;

impl Verify<portcullis::BearerToken<'_>> for Slow {
    fn verify(&self, token: portcullis::BearerToken<'_>) -> Verification {
        let identity =
            Identity::assertion().scopes(ScopeSet::from_wire(&token.as_str().replace('.', " ")));
        Verification::pending(async {
            tokio::task::yield_now().await;
            Ok(identity.build())
        })
    }
}

#[tokio::test]
async fn the_table_applies_to_asynchronous_verifications() {
    let app = service(AuthenticateLayer::bearer(Slow));
    for (request, token, status) in [
        ("GET /me", "none", 200),
        ("GET /orders/1", "none", 403),
        ("PUT /orders/all", "none", 403),
        ("GET /other", "none", 403),
    ] {
        assert_eq!(ask(&app, request, Some(token)).await.status, status, "{request} {token}");
    }
}

#[tokio::test]
async fn a_table_in_a_nested_router_matches_the_rest_of_the_path() {
    let issuer = TestIssuer::new();
    let app = Router::new().nest("/api", service(layer(&issuer)));
    let token = issuer.token().audience(API).mint();
    assert_eq!(ask(&app, "GET /api/me", Some(&token)).await.status, 200);
    assert_eq!(ask(&app, "GET /api/api/me", Some(&token)).await.status, 403);
}
