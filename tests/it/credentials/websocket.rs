//! A token among the subprotocols of a WebSocket handshake.

use axum::{Router, body::Body, response::IntoResponse, routing::any};
use http::{HeaderMap, Request, StatusCode};
use portcullis::AuthenticateLayer;

use super::{GOOD, Known};
use crate::support::{Answer, send};

const PROTOCOL: &str = "sec-websocket-protocol";

/// Answers with `status`, tells what subprotocols it was offered, and chooses `chosen` of them.
fn app(status: u16, chosen: Option<&'static str>) -> Router {
    let status = StatusCode::from_u16(status).unwrap();
    let handshake = async move |headers: HeaderMap| {
        let lines: Vec<_> = headers.get_all(PROTOCOL).iter().collect();
        let mut answer = (status, [("x-offered", format!("{lines:?}"))]).into_response();
        if let Some(chosen) = chosen {
            answer.headers_mut().insert(PROTOCOL, chosen.parse().unwrap());
        }
        answer
    };
    let layer = AuthenticateLayer::bearer(Known).websocket_protocol();
    Router::new().fallback(any(handshake)).layer(layer)
}

async fn offer(app: &Router, method: &str, protocols: &str) -> Answer {
    let uri = if method == "CONNECT" { "https://api.example/chat" } else { "/chat" };
    let mut request = Request::builder().method(method).uri(uri);
    if method != "CONNECT" {
        request = request.header("connection", "upgrade").header("upgrade", "websocket");
    }
    let request = request.header(PROTOCOL, protocols.replace("GOOD", GOOD));
    send(app, request.body(Body::empty()).unwrap()).await
}

fn chosen(answer: &Answer) -> Option<&str> {
    answer.headers.get(PROTOCOL).map(|line| line.to_str().unwrap())
}

#[tokio::test]
async fn the_service_is_not_offered_the_token_and_the_handshake_is_answered() {
    for (protocols, offered) in [
        ("bearer, GOOD", "bearer"),
        ("bearer,GOOD", "bearer"),
        ("chat.v2, bearer, GOOD, chat.v1", "chat.v2, bearer, chat.v1"),
    ] {
        let answer = offer(&app(101, None), "GET", protocols).await;
        assert_eq!(answer.status, 101, "{protocols}");
        assert_eq!(answer.headers["x-offered"], format!("[\"{offered}\"]"), "{protocols}");
        assert_eq!(chosen(&answer), Some("bearer"), "{protocols}");
    }
}

#[tokio::test]
async fn a_subprotocol_that_the_service_chooses_stays_chosen() {
    let answer = offer(&app(101, Some("chat.v2")), "GET", "chat.v2, bearer, GOOD").await;
    assert_eq!(chosen(&answer), Some("chat.v2"));
}

#[tokio::test]
async fn what_is_no_open_websocket_has_no_subprotocol() {
    for (method, status, expected) in [
        ("GET", 101, Some("bearer")),
        ("GET", 200, None),
        ("GET", 426, None),
        // HTTP/2 (RFC 8441)
        ("CONNECT", 200, Some("bearer")),
        ("CONNECT", 404, None),
    ] {
        let answer = offer(&app(status, None), method, "bearer, GOOD").await;
        assert_eq!(answer.status, status);
        assert_eq!(chosen(&answer), expected, "{method} {status}");
    }
}

#[tokio::test]
async fn a_handshake_without_a_good_token_is_rejected() {
    for (protocols, status) in [
        ("bearer, made-up", 401),
        ("chat", 401),
        ("Bearer, GOOD", 401),
        ("bearer", 400),
        ("chat, bearer", 400),
        ("bearer, GOOD, bearer, GOOD", 400),
        ("bearer, bearer", 401),
    ] {
        let answer = offer(&app(101, None), "GET", protocols).await;
        assert_eq!(answer.status, status, "{protocols}");
        assert_eq!(chosen(&answer), None, "{protocols}");
        assert!(!answer.body.contains(GOOD));
    }
}

#[tokio::test]
async fn without_a_handshake_the_header_is_not_looked_at() {
    let request = Request::get("/").header(PROTOCOL, format!("bearer, {GOOD}"));
    let answer = send(&app(200, None), request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 401);
}
