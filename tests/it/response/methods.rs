//! Rejections of requests other than GET.

use axum::{
    Router,
    body::Body,
    routing::{any, get},
};
use http::{Method, Request};
use portcullis::{ErrorBody, RequireScopeLayer, Scope};

use super::{issuer, layer};
use crate::support::{API, send};

fn request(method: Method, uri: &str, token: Option<&str>) -> Request<Body> {
    let request = Request::builder().method(method).uri(uri);
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn head_is_rejected_like_get_without_the_body() {
    let issuer = issuer();
    let token = issuer.token().audience(API).mint();
    let read = RequireScopeLayer::new(Scope::from_static("read"));
    for form in [ErrorBody::json(), ErrorBody::problem_json(), ErrorBody::oauth()] {
        let app = Router::new()
            .route("/", get("in"))
            .route("/guarded", get("in").route_layer(read.clone()))
            .layer(layer(&issuer).error_body(form));
        for (uri, token) in
            [("/", None), ("/", Some("abc")), ("/", Some("a,b")), ("/guarded", Some(&*token))]
        {
            let get = send(&app, request(Method::GET, uri, token)).await;
            let head = send(&app, request(Method::HEAD, uri, token)).await;
            assert_eq!(head.status, get.status, "{uri} {token:?}");
            assert_eq!(head.challenge(), get.challenge(), "{uri} {token:?}");
            assert_eq!(head.headers["content-type"], get.headers["content-type"]);
            assert_eq!(head.body, "", "{uri} {token:?}");
            // RFC 9110 §8.6: the length of the response to GET, or none.
            let length = head.headers["content-length"].to_str().unwrap();
            assert_eq!(length, get.body.len().to_string(), "{uri} {token:?}");
            assert_eq!(head.kind(), get.kind(), "{uri} {token:?}");
        }
    }
}

#[tokio::test]
async fn every_method_requires_credentials() {
    let issuer = issuer();
    let app = Router::new().route("/", any("in")).layer(layer(&issuer));
    let token = issuer.token().audience(API).mint();
    for name in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"] {
        let method = Method::from_bytes(name.as_bytes()).unwrap();
        let response = send(&app, request(method.clone(), "/", None)).await;
        assert_eq!(response.status, 401, "{name}");
        assert_eq!(response.json()["method"], name);
        assert_eq!(send(&app, request(method, "/", Some(&token))).await.body, "in", "{name}");
    }
}
