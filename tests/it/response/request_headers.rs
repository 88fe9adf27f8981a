//! Headers of the request in the body of its rejection.

use axum::{Router, body::Body, routing::get};
use http::{
    HeaderName, HeaderValue, Request,
    header::{ACCEPT, AUTHORIZATION},
};
use portcullis::{ErrorBody, RequireScopeLayer, Scope, response::Content};

use super::{issuer, layer};
use crate::support::{API, send, with_token};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Plain text or JSON, as the client accepts, with the id of the request.
fn negotiated() -> ErrorBody {
    ErrorBody::custom(|rejection| {
        let text = |name| rejection.header(&name).and_then(|value| value.to_str().ok());
        let id = text(REQUEST_ID).unwrap_or("none");
        match text(ACCEPT) {
            Some("text/plain") => Content::text(format!("request {id}")),
            _ => Content::json(format!(r#"{{"request":"{id}"}}"#)),
        }
    })
}

#[tokio::test]
async fn the_body_of_a_rejection_may_show_headers_of_the_request() {
    let issuer = issuer();
    let read = RequireScopeLayer::new(Scope::from_static("orders:read"));
    let layer = layer(&issuer).error_body(negotiated()).rejection_headers([ACCEPT, REQUEST_ID]);
    let app = Router::new().route("/", get("in").route_layer(read)).layer(layer);
    let rejected_by_guard = with_token(&issuer.token().audience(API).mint());
    let rejected_by_layer = Request::new(Body::empty());
    for (mut request, status) in [(rejected_by_guard, 403), (rejected_by_layer, 401)] {
        request.headers_mut().append(REQUEST_ID, HeaderValue::from_static("7"));
        request.headers_mut().append(REQUEST_ID, HeaderValue::from_static("8"));
        let accept = |mut request: Request<Body>, accept: &'static str| {
            request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
            request
        };
        let copy = || {
            let mut copy = Request::new(Body::empty());
            copy.headers_mut().clone_from(request.headers());
            copy
        };
        let response = send(&app, accept(copy(), "text/plain")).await;
        assert_eq!((response.status.as_u16(), &*response.body), (status, "request 7"));
        let response = send(&app, accept(copy(), "*/*")).await;
        assert_eq!((response.status.as_u16(), &*response.body), (status, r#"{"request":"7"}"#));
    }
}

#[tokio::test]
async fn a_header_that_is_not_kept_is_not_shown() {
    let issuer = issuer();
    let layer = layer(&issuer).error_body(negotiated()).rejection_headers([ACCEPT]);
    let app = Router::new().route("/", get("in")).layer(layer);
    let request = Request::get("/").header(REQUEST_ID, "7").body(Body::empty()).unwrap();
    assert_eq!(send(&app, request).await.body, r#"{"request":"none"}"#);
}

#[tokio::test]
async fn debug_hides_credentials_even_if_their_header_is_kept() {
    let issuer = issuer();
    let token = HeaderName::from_static("x-token");
    let body = ErrorBody::custom(|rejection| Content::text(format!("{rejection:?}")));
    let layer = layer(&issuer).header(token.clone()).error_body(body).rejection_headers([
        AUTHORIZATION,
        token.clone(),
        ACCEPT,
    ]);
    let app = Router::new().route("/", get("in")).layer(layer);
    let request = Request::get("/")
        .header(AUTHORIZATION, "Bearer s3cret")
        .header(token, "Bearer s3cret")
        .header(ACCEPT, "text/plain")
        .body(Body::empty())
        .unwrap();
    let body = send(&app, request).await.body;
    assert!(body.contains("text/plain") && !body.contains("s3cret"), "{body}");
}
