//! A cookie, which a browser also sends with the requests that other sites make.

use axum::{Router, routing::any};
use http::{Method, Request};
use portcullis::{AuthenticateLayer, Identity};

use super::{GOOD, Known};
use crate::support::send;

fn app(layer: AuthenticateLayer) -> Router {
    let whose = async |identity: Identity| identity.subject().unwrap_or_default().to_owned();
    Router::new().route("/", any(whose)).layer(layer)
}

fn request(method: &str, cookie: &str) -> Request<axum::body::Body> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = Request::builder().method(method).uri("/").header("cookie", cookie);
    request.body(axum::body::Body::empty()).unwrap()
}

#[tokio::test]
async fn it_counts_for_methods_that_change_nothing_unless_the_service_says_more() {
    let careful = app(AuthenticateLayer::bearer(Known).cookie("at"));
    let every = app(AuthenticateLayer::bearer(Known).cookie_for_every_method("at"));
    let cookie = format!("at={GOOD}");
    for (method, harmless) in [
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
        let status = send(&careful, request(method, &cookie)).await.status;
        assert_eq!(status, if harmless { 200 } else { 401 }, "{method}");
        assert_eq!(send(&every, request(method, &cookie)).await.status, 200, "{method}");
    }
}

#[tokio::test]
async fn where_it_does_not_count_it_stands_in_nobodys_way() {
    let app = app(AuthenticateLayer::bearer(Known).cookie("at"));
    for cookie in [format!("at={GOOD}"), "at=made-up".to_owned(), "at=a; at=b".to_owned()] {
        let mut post = request("POST", &cookie);
        let line = format!("Bearer {GOOD}").parse().unwrap();
        post.headers_mut().insert("authorization", line);
        assert_eq!(send(&app, post).await.body, "alice", "{cookie}");
    }
}

#[tokio::test]
async fn a_websocket_that_another_site_opens_has_none_by_default() {
    let handshake = || {
        let mut request = request("GET", &format!("at={GOOD}"));
        request.headers_mut().insert("upgrade", "websocket".parse().unwrap());
        request
    };
    let careful = app(AuthenticateLayer::bearer(Known).cookie("at"));
    assert_eq!(send(&careful, handshake()).await.status, 401);
    let every = app(AuthenticateLayer::bearer(Known).cookie_for_every_method("at"));
    assert_eq!(send(&every, handshake()).await.status, 200);
}

#[tokio::test]
async fn it_is_the_one_of_that_name_wherever_it_stands() {
    let app = app(AuthenticateLayer::bearer(Known).cookie("__Host-at"));
    for (cookie, status) in [
        ("__Host-at=GOOD", 200),
        ("a=b; __Host-at=GOOD; c=d", 200),
        ("a=b;__Host-at=GOOD", 200),
        ("__Host-at=\"GOOD\"", 200),
        ("__host-at=GOOD", 401),
        ("x__Host-at=GOOD", 401),
        ("__Host-at", 401),
        ("a=__Host-at=GOOD", 401),
        ("__Host-at=GOOD; __Host-at=GOOD", 400),
        ("__Host-at=", 400),
        ("__Host-at=GOOD,", 400),
    ] {
        let answer = send(&app, request("GET", &cookie.replace("GOOD", GOOD))).await;
        assert_eq!(answer.status, status, "{cookie}");
    }
    let mut lines = request("GET", "a=b");
    lines.headers_mut().append("cookie", format!("__Host-at={GOOD}").parse().unwrap());
    assert_eq!(send(&app, lines).await.status, 200);
}
