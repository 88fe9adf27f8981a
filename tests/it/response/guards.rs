//! Rejections by guards and extractors inside the layer.

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{
    Claims, Error, ErrorKind, Identity, RequireLayer, RequireScopeLayer, Scope, scope::ScopePolicy,
};

use super::{Expected, issuer, layer};
use crate::support::{API, send, with_token};

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");
const ADMIN: Scope = Scope::from_static("admin");

fn guarded(policy: impl Into<ScopePolicy>) -> Router {
    Router::new().route("/", get("in")).route_layer(RequireScopeLayer::new(policy))
}

// Verifies rfc6750-3.1-insufficient-scope, rfc9068-4-scope.
#[tokio::test]
async fn insufficient_scope_is_403_with_all_required_scopes() {
    let issuer = issuer();
    let cases: [(ScopePolicy, &str, &'static str); 5] = [
        (
            READ.into(),
            "",
            r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.", scope="orders:read""#,
        ),
        (
            READ.and(WRITE),
            "orders:read",
            r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.", scope="orders:read orders:write""#,
        ),
        (
            READ.or(ADMIN),
            "",
            r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.", scope="orders:read""#,
        ),
        (
            READ.and(WRITE).or(ADMIN),
            "orders:write",
            r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.", scope="orders:read orders:write""#,
        ),
        (
            ScopePolicy::any([]),
            "orders:read",
            r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.""#,
        ),
    ];
    for (policy, granted, challenge) in cases {
        let app = guarded(policy.clone()).layer(layer(&issuer));
        let expected = Expected {
            kind: ErrorKind::InsufficientScope,
            status: (403, "Forbidden"),
            challenge: Some(challenge),
            message: "Token lacks the required scope.",
            error: Some("insufficient_scope"),
        };
        let token = issuer.token().audience(API).scope(granted).mint();
        expected.check(&app, with_token(&token), &policy.to_string()).await;
    }
}

#[tokio::test]
async fn access_denied_by_a_guard_is_403_without_challenge() {
    let issuer = issuer();
    let staff = RequireLayer::new(|identity| match identity.subject() {
        Some("alice") => Err(Error::access_denied()),
        _ => Ok(()),
    });
    let app = Router::new().route("/", get("in")).route_layer(staff).layer(layer(&issuer));
    let expected = Expected {
        kind: ErrorKind::AccessDenied,
        status: (403, "Forbidden"),
        challenge: None,
        message: "Access denied.",
        error: None,
    };
    expected.check(&app, with_token(&issuer.token().audience(API).mint()), "alice").await;
    let token = issuer.token().audience(API).subject("bob").mint();
    assert_eq!(send(&app, with_token(&token)).await.body, "in");
}

#[tokio::test]
async fn a_guard_without_a_layer_fails_closed() {
    let issuer = issuer();
    let token = issuer.token().audience(API).scope("orders:read").mint();
    let checks_nothing = RequireLayer::new(|_| Ok(()));
    for app in [guarded(READ), Router::new().route("/", get("in")).route_layer(checks_nothing)] {
        for request in [with_token(&token), Request::new(Body::empty())] {
            let response = send(&app, request).await;
            assert_eq!(response.status, 500);
            assert_eq!(response.challenge(), None);
            assert_eq!(response.headers["content-type"], "application/json");
            assert_eq!(response.body, r#"{"error_description":"Internal error."}"#);
            assert_eq!(response.kind(), Some(ErrorKind::Misconfigured));
            let source = std::error::Error::source(response.error.as_ref().unwrap()).unwrap();
            assert_eq!(source.to_string(), "a guard needs an AuthenticateLayer outside it");
        }
    }
}

#[tokio::test]
async fn a_guard_outside_the_layer_fails_closed() {
    let issuer = issuer();
    let app = Router::new().route("/", get("in"));
    let app = app.layer(layer(&issuer)).layer(RequireScopeLayer::new(READ));
    let token = issuer.token().audience(API).scope("orders:read").mint();
    assert_eq!(send(&app, with_token(&token)).await.status, 500);
}

#[tokio::test]
async fn an_extractor_without_a_layer_fails_closed() {
    let issuer = issuer();
    let token = issuer.token().audience(API).mint();
    for (name, app) in [
        ("Identity", Router::new().route("/", get(async |_: Identity| "in"))),
        ("Option<Identity>", Router::new().route("/", get(async |_: Option<Identity>| "in"))),
        ("Claims", Router::new().route("/", get(async |_: Claims<serde_json::Value>| "in"))),
    ] {
        let response = send(&app, with_token(&token)).await;
        assert_eq!(response.status, 500, "{name}");
        assert_eq!(response.challenge(), None, "{name}");
        assert_eq!(response.headers["content-type"], "application/json", "{name}");
        assert_eq!(response.body, r#"{"error_description":"Internal error."}"#, "{name}");
        let source = std::error::Error::source(response.error.as_ref().unwrap()).unwrap();
        let sentence = format!("the extractor `{name}` needs an AuthenticateLayer outside it");
        assert_eq!(source.to_string(), sentence);
    }
}

#[tokio::test]
async fn guards_and_extractors_reject_anonymous_requests_with_401() {
    let issuer = issuer();
    let identity = Router::new().route("/", get(async |_: Identity| "in"));
    let claims = Router::new().route("/", get(async |_: Claims<serde_json::Value>| "in"));
    let expected = Expected {
        kind: ErrorKind::MissingCredentials,
        status: (401, "Unauthorized"),
        challenge: Some(r#"Bearer realm="orders""#),
        message: "Authentication required.",
        error: None,
    };
    // Only the guard knows which scope to request.
    let of_guard =
        Expected { challenge: Some(r#"Bearer realm="orders", scope="orders:read""#), ..expected };
    for (case, app, expected) in [
        ("guard", guarded(READ), of_guard),
        ("identity", identity, expected),
        ("claims", claims, expected),
    ] {
        let app = app.layer(layer(&issuer).allow_anonymous());
        expected.check(&app, Request::new(Body::empty()), case).await;
    }
}
