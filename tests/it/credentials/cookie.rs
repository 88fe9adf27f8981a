//! An access token in a cookie, which browsers also send with requests that other sites make.

use axum::{Router, routing::any};
use http::{Method, Request};
use portcullis::{AuthenticateLayer, Identity};

use super::{TestVerifier, VALID_TOKEN};
use crate::support::send;

fn app(layer: AuthenticateLayer) -> Router {
    let subject = async |identity: Identity| identity.subject().unwrap_or_default().to_owned();
    Router::new().route("/", any(subject)).layer(layer)
}

fn request(method: &str, cookie: &str) -> Request<axum::body::Body> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = Request::builder().method(method).uri("/").header("cookie", cookie);
    request.body(axum::body::Body::empty()).unwrap()
}

// Verifies rfc6750-5.3-csrf.
#[tokio::test]
async fn a_cookie_counts_for_safe_methods_unless_configured_otherwise() {
    let safe_methods = app(AuthenticateLayer::bearer(TestVerifier).cookie("at"));
    let every_method = app(AuthenticateLayer::bearer(TestVerifier).cookie_for_every_method("at"));
    let cookie = format!("at={VALID_TOKEN}");
    for (method, safe) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("POST", false),
        ("PUT", false),
        ("PATCH", false),
        ("DELETE", false),
        ("TRACE", false),
        ("PURGE", false),
        ("get", false),
    ] {
        let status = send(&safe_methods, request(method, &cookie)).await.status;
        assert_eq!(status, if safe { 200 } else { 401 }, "{method}");
        assert_eq!(send(&every_method, request(method, &cookie)).await.status, 200, "{method}");
    }
}

#[tokio::test]
async fn a_cookie_that_does_not_count_is_ignored() {
    let app = app(AuthenticateLayer::bearer(TestVerifier).cookie("at"));
    for cookie in [format!("at={VALID_TOKEN}"), "at=unknown".to_owned(), "at=a; at=b".to_owned()] {
        let mut post = request("POST", &cookie);
        let line = format!("Bearer {VALID_TOKEN}").parse().unwrap();
        post.headers_mut().insert("authorization", line);
        assert_eq!(send(&app, post).await.body, "alice", "{cookie}");
    }
}

#[tokio::test]
async fn a_cookie_does_not_count_for_websocket_handshakes_by_default() {
    let handshake = || {
        let mut request = request("GET", &format!("at={VALID_TOKEN}"));
        request.headers_mut().insert("upgrade", "websocket".parse().unwrap());
        request
    };
    let safe_methods = app(AuthenticateLayer::bearer(TestVerifier).cookie("at"));
    assert_eq!(send(&safe_methods, handshake()).await.status, 401);
    let every_method = app(AuthenticateLayer::bearer(TestVerifier).cookie_for_every_method("at"));
    assert_eq!(send(&every_method, handshake()).await.status, 200);
}

#[tokio::test]
async fn the_cookie_with_the_exact_name_is_used() {
    let app = app(AuthenticateLayer::bearer(TestVerifier).cookie("__Host-at"));
    for (cookie, status) in [
        ("__Host-at=VALID", 200),
        ("a=b; __Host-at=VALID; c=d", 200),
        ("a=b;__Host-at=VALID", 200),
        ("__Host-at=\"VALID\"", 200),
        ("__host-at=VALID", 401),
        ("x__Host-at=VALID", 401),
        ("__Host-at", 401),
        ("a=__Host-at=VALID", 401),
        ("__Host-at=VALID; __Host-at=unknown", 200),
        ("__Host-at=unknown; __Host-at=VALID", 401),
        ("__Host-at=", 400),
        ("__Host-at=VALID,", 400),
    ] {
        let response = send(&app, request("GET", &cookie.replace("VALID", VALID_TOKEN))).await;
        assert_eq!(response.status, status, "{cookie}");
    }
    let mut lines = request("GET", "a=b");
    lines.headers_mut().append("cookie", format!("__Host-at={VALID_TOKEN}").parse().unwrap());
    assert_eq!(send(&app, lines).await.status, 200);
}
