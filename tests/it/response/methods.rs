//! Rejections of requests other than GET.

use axum::{
    Router,
    body::Body,
    routing::{any, get, options},
};
use http::{Method, Request};
use portcullis::{ErrorBody, Identity, RequireScopeLayer, Scope};

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

/// A CORS preflight request, which browsers send before some cross-origin requests.
fn preflight(method: Method) -> Request<Body> {
    let request = Request::builder().method(method).uri("/");
    let request = request.header("origin", "https://app.example");
    request.header("access-control-request-method", "POST").body(Body::empty()).unwrap()
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

#[tokio::test]
async fn a_preflight_is_rejected_unless_it_is_allowed() {
    let issuer = issuer();
    let app = Router::new().route("/", any("in"));
    let closed = app.clone().layer(layer(&issuer));
    let response = send(&closed, preflight(Method::OPTIONS)).await;
    assert_eq!(
        (response.status.as_u16(), response.challenge()),
        (401, Some(r#"Bearer realm="orders""#))
    );

    let open = app.layer(layer(&issuer).allow_cors_preflight());
    assert_eq!(send(&open, preflight(Method::OPTIONS)).await.body, "in");
}

#[tokio::test]
async fn only_requests_with_all_preflight_headers_are_let_through() {
    let issuer = issuer();
    let app = Router::new().route("/", any("in")).layer(layer(&issuer).allow_cors_preflight());
    let without = |name: &str| {
        let mut request = preflight(Method::OPTIONS);
        request.headers_mut().remove(name).unwrap();
        request
    };
    for (case, request) in [
        ("no origin", without("origin")),
        ("no requested method", without("access-control-request-method")),
        ("GET", preflight(Method::GET)),
        ("POST", preflight(Method::POST)),
        ("HEAD", preflight(Method::HEAD)),
        ("no preflight headers", request(Method::OPTIONS, "/", None)),
    ] {
        assert_eq!(send(&app, request).await.status, 401, "{case}");
    }
}

#[tokio::test]
async fn a_preflight_has_no_identity_and_is_rejected_by_guards() {
    let issuer = issuer();
    let read = RequireScopeLayer::new(Scope::from_static("read"));
    let identity_or_not = async |identity: Option<Identity>| match identity {
        Some(_) => "identity",
        None => "no identity",
    };
    let app = Router::new()
        .route("/", any(identity_or_not))
        .route("/guarded", options("in").route_layer(read))
        .layer(layer(&issuer).allow_cors_preflight());
    // Browsers send no credentials in a preflight, so credentials in one are ignored.
    let token = issuer.token().audience(API).scope("read").mint();
    for line in [None, Some("Bearer abc".to_owned()), Some(format!("Bearer {token}"))] {
        let mut request = preflight(Method::OPTIONS);
        if let Some(line) = &line {
            request.headers_mut().insert("authorization", line.parse().unwrap());
        }
        assert_eq!(send(&app, request).await.body, "no identity", "{line:?}");
    }
    let mut request = preflight(Method::OPTIONS);
    *request.uri_mut() = "/guarded".parse().unwrap();
    assert_eq!(send(&app, request).await.status, 401);
}
