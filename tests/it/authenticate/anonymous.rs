//! Requests without credentials, where anonymous requests are allowed.

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{AuthenticateLayer, ErrorKind, Identity, testing::TestIssuer};
use serde_json::json;

use crate::support::{API, send, whoami, with_authorization, with_token};

fn layer(issuer: &TestIssuer) -> AuthenticateLayer {
    AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap()).allow_anonymous()
}

#[tokio::test]
async fn a_request_without_credentials_has_no_identity() {
    let app = whoami().layer(layer(&TestIssuer::new()));
    assert_eq!(send(&app, Request::new(Body::empty())).await.body, "anonymous");
}

#[tokio::test]
async fn an_unsupported_scheme_counts_as_anonymous() {
    let app = whoami().layer(layer(&TestIssuer::new()));
    for line in ["Basic dXNlcjpwYXNz", "token abc", "Negotiate", "Digest a=\"b\", c=\"d\"", ""] {
        let response = send(&app, with_authorization(line)).await;
        assert_eq!(response.body, "anonymous", "{line}");
    }
}

#[tokio::test]
async fn invalid_credentials_do_not_count_as_anonymous() {
    let issuer = TestIssuer::new();
    let app = whoami().layer(layer(&issuer));
    let expired = issuer.token().audience(API).claim("exp", json!(1)).mint();
    let valid = issuer.token().audience(API).mint();
    for (line, status) in [
        (format!("Bearer {expired}"), 401),
        ("Bearer abc".to_owned(), 401),
        ("Bearer".to_owned(), 400),
        ("Bearer a,b".to_owned(), 400),
        (format!("Bearer {}", "a".repeat(20_000)), 400),
        (format!("Basic dXNlcjpwYXNz, Bearer {valid}"), 400),
    ] {
        let response = send(&app, with_authorization(&line)).await;
        assert_eq!(response.status.as_u16(), status, "{line}");
    }
    let mut twice = with_token(&valid);
    twice.headers_mut().append("authorization", "Basic dXNlcjpwYXNz".parse().unwrap());
    assert_eq!(send(&app, twice).await.status, 400);
}

#[tokio::test]
async fn a_valid_token_is_verified() {
    let issuer = TestIssuer::new();
    let app = whoami().layer(layer(&issuer));
    assert_eq!(send(&app, with_token(&issuer.token().audience(API).mint())).await.body, "alice");
}

#[tokio::test]
async fn an_identity_extractor_rejects_anonymous_requests() {
    let issuer = TestIssuer::new();
    let app = Router::new()
        .route("/", get(async |_: Option<Identity>| "public"))
        .route("/me", get(async |_: Identity| "mine"))
        .layer(layer(&issuer));
    let response = send(&app, Request::get("/").body(Body::empty()).unwrap()).await;
    assert_eq!(response.body, "public");
    let response = send(&app, Request::get("/me").body(Body::empty()).unwrap()).await;
    assert_eq!(
        (response.status.as_u16(), response.challenge()),
        (401, Some(r#"Bearer realm="restricted""#))
    );
    assert_eq!(response.kind(), Some(ErrorKind::MissingCredentials));
}

#[tokio::test]
async fn anonymous_requests_fetch_no_keys() {
    let issuer = TestIssuer::new();
    let app = whoami().layer(layer(&issuer));
    send(&app, Request::new(Body::empty())).await;
    send(&app, with_authorization("Basic dXNlcjpwYXNz")).await;
    assert_eq!(issuer.requests_to("/jwks"), 0);
}
