//! Sessions, which are bound to the subject that started them.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, response::IntoResponse, routing::any};
use http::{HeaderMap, Request, StatusCode};
use portcullis::{
    AuthenticateLayer, BearerToken, ErrorKind, Identity, Verification, Verify,
    authorize::mcp::McpSessionLayer, testing::TestIssuer,
};

use crate::support::{API, TestResponse, send};

/// A server that starts a session on each request without one, and knows the sessions that it started.
fn server(layer: McpSessionLayer) -> Router {
    let sessions = Arc::new(Mutex::new(HashSet::new()));
    let handler = async move |headers: HeaderMap| {
        let mut sessions = sessions.lock().unwrap();
        match headers.get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned()) {
            Some(id) if sessions.contains(&id) => (StatusCode::OK, id).into_response(),
            Some(_) => StatusCode::IM_A_TEAPOT.into_response(),
            None => {
                let id = format!("session-{}", sessions.len());
                sessions.insert(id.clone());
                ([("mcp-session-id", id)], "begun").into_response()
            }
        }
    };
    Router::new().route("/mcp", any(handler)).layer(layer)
}

fn service(issuer: &TestIssuer, layer: McpSessionLayer) -> Router {
    let verifier = issuer.verifier().audience(API).build().unwrap();
    server(layer).layer(AuthenticateLayer::bearer(verifier).allow_anonymous())
}

async fn ask(
    app: &Router,
    issuer: &TestIssuer,
    subject: Option<&str>,
    ids: &[&str],
) -> TestResponse {
    let mut request = Request::post("/mcp");
    if let Some(subject) = subject {
        let token = issuer.token().subject(subject).audience(API).mint();
        request = request.header("authorization", format!("Bearer {token}"));
    }
    for id in ids {
        request = request.header("mcp-session-id", *id);
    }
    send(app, request.body(Body::empty()).unwrap()).await
}

fn session(response: &TestResponse) -> String {
    assert_eq!(response.body, "begun");
    response.headers["mcp-session-id"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_is_its_subjects_alone() {
    let issuer = TestIssuer::new();
    let app = service(&issuer, McpSessionLayer::new());
    let id = session(&ask(&app, &issuer, Some("alice"), &[]).await);
    assert!(id.bytes().all(|byte| byte.is_ascii_graphic()), "{id}");
    // Another token of the same subject, and the service sees its own id.
    let response = ask(&app, &issuer, Some("alice"), &[&id]).await;
    assert_eq!((response.status.as_u16(), &*response.body), (200, "session-0"));
    for other in [Some("bob"), Some("Alice"), None] {
        let response = ask(&app, &issuer, other, &[&id]).await;
        assert_eq!(response.status, 404, "{other:?}");
        assert_eq!(response.json()["error"]["message"], "Session not found");
        assert_eq!(response.kind(), Some(ErrorKind::AccessDenied));
        assert_eq!(response.challenge(), None);
    }
}

#[tokio::test]
async fn an_id_of_another_layer_never_reaches_the_service() {
    let issuer = TestIssuer::new();
    let app = service(&issuer, McpSessionLayer::new());
    let id = session(&ask(&app, &issuer, Some("alice"), &[]).await);
    let other = session(&ask(&app, &issuer, Some("alice"), &[]).await);
    let tag = id.rsplit_once('.').unwrap().1;
    for ids in [
        &["session-0"][..],
        &[""],
        &["session-0."],
        &[&format!("session-1.{tag}")],
        &[&format!("{id}x")],
        &[&id, &id],
        &[&id, &other],
    ] {
        let response = ask(&app, &issuer, Some("alice"), ids).await;
        assert_eq!(response.status, 404, "{ids:?}");
    }
}

#[tokio::test]
async fn anonymous_sessions_are_for_anonymous_requests() {
    let issuer = TestIssuer::new();
    let app = service(&issuer, McpSessionLayer::new());
    let id = session(&ask(&app, &issuer, None, &[]).await);
    assert_eq!(ask(&app, &issuer, None, &[&id]).await.status, 200);
    assert_eq!(ask(&app, &issuer, Some("alice"), &[&id]).await.status, 404);
}

#[tokio::test]
async fn replicas_with_the_same_secret_accept_each_others_sessions() {
    let issuer = TestIssuer::new();
    let (old, new) = ("an old secret of more than 32 bytes", "a new secret of more than 32 bytes");
    let replica = |layer: McpSessionLayer| service(&issuer, layer);
    let old_replica = replica(McpSessionLayer::with_secret(old).unwrap());
    let id = session(&ask(&old_replica, &issuer, Some("alice"), &[]).await);
    for (layer, is_accepted) in [
        (McpSessionLayer::with_secret(old).unwrap(), true),
        (McpSessionLayer::with_secrets(new, old).unwrap(), true),
        (McpSessionLayer::with_secret(new).unwrap(), false),
        (McpSessionLayer::new(), false),
    ] {
        // The inner server doesn't know the session, but receives the request.
        let status = ask(&replica(layer), &issuer, Some("alice"), &[&id]).await.status;
        assert_eq!(status == StatusCode::IM_A_TEAPOT, is_accepted);
    }
}

#[tokio::test]
async fn without_a_layer_outside_every_request_is_500() {
    let app = server(McpSessionLayer::new());
    let issuer = TestIssuer::new();
    assert_eq!(ask(&app, &issuer, None, &[]).await.status, 500);
}

/// Accepts every token, with an identity without a name.
struct Nameless;

impl Verify<BearerToken<'_>> for Nameless {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::ready(Ok(Identity::assertion().build()))
    }
}

#[tokio::test]
async fn an_identity_without_a_name_gets_no_session() {
    let app = server(McpSessionLayer::new()).layer(AuthenticateLayer::bearer(Nameless));
    let request = Request::post("/mcp").header("authorization", "Bearer x");
    let response = send(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.kind(), Some(ErrorKind::Misconfigured));
    assert!(!response.headers.contains_key("mcp-session-id"));
}

#[test]
fn a_short_secret_is_rejected() {
    let enough = "x".repeat(32);
    for result in [
        McpSessionLayer::with_secret("x".repeat(31)),
        McpSessionLayer::with_secrets("x".repeat(31), &*enough),
        McpSessionLayer::with_secrets(&*enough, "x".repeat(31)),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains("31 bytes"), "{error}");
    }
}
