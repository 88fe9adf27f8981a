//! An access token among the subprotocols of a WebSocket handshake.

use axum::{Router, body::Body, response::IntoResponse, routing::any};
use http::{HeaderMap, Request, StatusCode};
use portcullis::AuthenticateLayer;

use super::{TestVerifier, VALID_TOKEN};
use crate::support::{TestResponse, send};

const PROTOCOL: &str = "sec-websocket-protocol";

/// Responds with `status`, reports which subprotocols it was offered, and selects `selected` if there is one.
fn app(status: u16, selected: Option<&'static str>) -> Router {
    let status = StatusCode::from_u16(status).unwrap();
    let handshake = async move |headers: HeaderMap| {
        let lines: Vec<_> = headers.get_all(PROTOCOL).iter().collect();
        let mut response = (status, [("x-offered", format!("{lines:?}"))]).into_response();
        if let Some(selected) = selected {
            response.headers_mut().insert(PROTOCOL, selected.parse().unwrap());
        }
        response
    };
    let layer = AuthenticateLayer::bearer(TestVerifier).websocket_protocol();
    Router::new().fallback(any(handshake)).layer(layer)
}

async fn offer(app: &Router, method: &str, protocols: &str) -> TestResponse {
    let uri = if method == "CONNECT" { "https://api.example/chat" } else { "/chat" };
    let mut request = Request::builder().method(method).uri(uri);
    if method != "CONNECT" {
        request = request.header("connection", "upgrade").header("upgrade", "websocket");
    }
    let request = request.header(PROTOCOL, protocols.replace("VALID", VALID_TOKEN));
    send(app, request.body(Body::empty()).unwrap()).await
}

fn selected(response: &TestResponse) -> Option<&str> {
    response.headers.get(PROTOCOL).map(|line| line.to_str().unwrap())
}

#[tokio::test]
async fn the_token_is_removed_from_the_offered_subprotocols() {
    for (protocols, offered) in [
        ("bearer, VALID", "bearer"),
        ("bearer,VALID", "bearer"),
        ("chat.v2, bearer, VALID, chat.v1", "chat.v2, bearer, chat.v1"),
    ] {
        let response = offer(&app(101, None), "GET", protocols).await;
        assert_eq!(response.status, 101, "{protocols}");
        assert_eq!(response.headers["x-offered"], format!("[\"{offered}\"]"), "{protocols}");
        assert_eq!(selected(&response), Some("bearer"), "{protocols}");
    }
}

#[tokio::test]
async fn a_subprotocol_that_the_service_selects_is_preserved() {
    let response = offer(&app(101, Some("chat.v2")), "GET", "chat.v2, bearer, VALID").await;
    assert_eq!(selected(&response), Some("chat.v2"));
}

#[tokio::test]
async fn only_a_successful_handshake_selects_a_subprotocol() {
    for (method, status, expected) in [
        ("GET", 101, Some("bearer")),
        ("GET", 200, None),
        ("GET", 426, None),
        // HTTP/2 (RFC 8441)
        ("CONNECT", 200, Some("bearer")),
        ("CONNECT", 404, None),
    ] {
        let response = offer(&app(status, None), method, "bearer, VALID").await;
        assert_eq!(response.status, status);
        assert_eq!(selected(&response), expected, "{method} {status}");
    }
}

#[tokio::test]
async fn a_handshake_without_a_valid_token_is_rejected() {
    for (protocols, status) in [
        ("bearer, unknown", 401),
        ("chat", 401),
        ("Bearer, VALID", 401),
        ("bearer", 400),
        ("chat, bearer", 400),
        ("bearer, VALID, bearer, VALID", 400),
        ("bearer, bearer", 401),
    ] {
        let response = offer(&app(101, None), "GET", protocols).await;
        assert_eq!(response.status, status, "{protocols}");
        assert_eq!(selected(&response), None, "{protocols}");
        assert!(!response.body.contains(VALID_TOKEN));
    }
}

#[tokio::test]
async fn the_header_is_ignored_outside_of_handshakes() {
    let request = Request::get("/").header(PROTOCOL, format!("bearer, {VALID_TOKEN}"));
    let response = send(&app(200, None), request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status, 401);
}
