//! Extensions, other headers, and the URI in the body of a rejection.

use axum::{Router, body::Body, response::IntoResponse, routing::get};
use http::{HeaderName, HeaderValue, Request, Response};
use portcullis::{
    AuthenticateLayer, Error, ErrorBody, ErrorKind, RequireScopeLayer, Scope, error::TokenFault,
};
use tower::util::MapResponseLayer;

use super::{issuer, layer};
use crate::support::{API, send, whoami, with_token};

const READ: Scope = Scope::from_static("read");

/// Sets a header on every response.
fn setting_header(
    name: &'static str,
    value: &'static str,
) -> MapResponseLayer<impl Fn(Response<Body>) -> Response<Body> + Clone> {
    MapResponseLayer::new(move |mut response: Response<Body>| {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
        response.headers_mut().insert(name, value);
        response
    })
}

#[tokio::test]
async fn the_error_is_in_the_extensions_of_the_response() {
    let issuer = issuer();
    let app = Router::new()
        .route("/", get("in").route_layer(RequireScopeLayer::new(READ)))
        .layer(layer(&issuer));
    let token = issuer.token().audience(API).mint();
    let response = send(&app, with_token(&token)).await;
    let error = response.error.unwrap();
    assert_eq!((error.kind(), error.scope()), (ErrorKind::InsufficientScope, Some("read")));
    assert_eq!(error.to_string(), "access token lacks a required scope: `read`");

    let response = send(&app, with_token("abc")).await;
    assert_eq!(response.kind(), Some(TokenFault::Malformed.into()));
    let valid = issuer.token().audience(API).scope("read").mint();
    assert!(send(&app, with_token(&valid)).await.error.is_none());
}

#[tokio::test]
async fn no_body_shows_an_access_token_from_the_query() {
    let issuer = issuer();
    for format in [
        ErrorBody::json(),
        ErrorBody::problem_json(),
        ErrorBody::oauth(),
        ErrorBody::custom(|rejection| portcullis::response::Content::text(rejection.uri())),
    ] {
        let app = whoami().layer(layer(&issuer).error_body(format));
        for query in [
            "access_token=s3cret",
            "a=b&access_token=s3cret&c=d",
            "access%5ftoken=s3cret",
            "%61%63%63%65%73%73%5f%74%6f%6b%65%6e=s3cret",
            "access_token=s3cret&access_token=s3cret",
            "access_token=s3cret;x",
        ] {
            let request = Request::get(format!("/?{query}")).body(Body::empty()).unwrap();
            let response = send(&app, request).await;
            assert_eq!(response.status, 401, "{query}");
            assert!(!response.body.contains("s3cret"), "{query}: {}", response.body);
            assert!(!format!("{:?}", response.headers).contains("s3cret"), "{query}");
            assert!(!format!("{:?}", response.error).contains("s3cret"), "{query}");
        }
    }
}

#[tokio::test]
async fn the_body_shows_the_rest_of_the_query() {
    let app = whoami().layer(layer(&issuer()));
    let request = Request::get("/?a=b&access_token=x&c=%28").body(Body::empty()).unwrap();
    assert_eq!(send(&app, request).await.json()["uri"], "/?a=b&c=%28");
}

#[tokio::test]
async fn headers_that_layers_set_on_a_rejection_are_preserved() {
    let issuer = issuer();
    let app = Router::new()
        .route("/", get("in").route_layer(RequireScopeLayer::new(READ)))
        .layer(setting_header("access-control-allow-origin", "https://app.example"))
        .layer(setting_header("vary", "origin"))
        .layer(setting_header("x-request-id", "7"))
        .layer(layer(&issuer));
    let response = send(&app, with_token(&issuer.token().audience(API).mint())).await;
    assert_eq!(response.status, 403);
    assert_eq!(response.json()["error"], "insufficient_scope");
    assert_eq!(response.headers["access-control-allow-origin"], "https://app.example");
    assert_eq!(response.headers["vary"], "origin");
    assert_eq!(response.headers["x-request-id"], "7");
}

#[tokio::test]
async fn headers_that_describe_the_replaced_body_are_removed() {
    let issuer = issuer();
    let app = Router::new()
        .route("/", get("in").route_layer(RequireScopeLayer::new(READ)))
        .layer(setting_header("content-encoding", "gzip"))
        .layer(setting_header("content-length", "4711"))
        .layer(setting_header("content-type", "text/html"))
        .layer(setting_header("www-authenticate", "Basic"))
        .layer(layer(&issuer));
    let response = send(&app, with_token(&issuer.token().audience(API).mint())).await;
    assert_eq!(response.headers["content-type"], "application/json");
    assert!(!response.headers.contains_key("content-encoding"));
    let length = response.headers.get("content-length").map(|length| length.to_str().unwrap());
    assert!(length.is_none_or(|length| length == response.body.len().to_string()), "{length:?}");
    assert!(response.challenge().unwrap().starts_with("Bearer "));
}

#[tokio::test]
async fn headers_that_a_handler_sets_on_its_error_are_preserved() {
    let issuer = issuer();
    let handler = async || {
        let mut response = Error::access_denied().into_response();
        response.headers_mut().insert("x-reason", HeaderValue::from_static("holiday"));
        response
    };
    let app = Router::new().route("/", get(handler)).layer(layer(&issuer));
    let response = send(&app, with_token(&issuer.token().audience(API).mint())).await;
    assert_eq!(response.json()["message"], "Access denied.");
    assert_eq!(response.headers["x-reason"], "holiday");
}

#[tokio::test]
async fn a_response_without_an_error_is_unchanged() {
    let issuer = issuer();
    let handler = async || (http::StatusCode::UNAUTHORIZED, [("www-authenticate", "Own")], "own");
    let app = Router::new().route("/", get(handler)).layer(layer(&issuer));
    let response = send(&app, with_token(&issuer.token().audience(API).mint())).await;
    assert_eq!((response.status.as_u16(), &*response.body), (401, "own"));
    assert_eq!(response.challenge(), Some("Own"));
    assert!(response.error.is_none());
}

// Verifies rfc6750-3-parameter.
#[tokio::test]
async fn every_challenge_has_a_realm_configured_or_not() {
    let issuer = issuer();
    let verifier = issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build().unwrap();
    let layer = AuthenticateLayer::bearer(verifier);
    for (layer, missing, invalid) in [
        (
            layer.clone(),
            r#"Bearer realm="restricted""#,
            r#"Bearer realm="restricted", error="invalid_token", error_description="Token malformed.""#,
        ),
        (
            layer.clone().realm("a \"b\" \\ c"),
            r#"Bearer realm="a \"b\" \\ c""#,
            r#"Bearer realm="a \"b\" \\ c", error="invalid_token", error_description="Token malformed.""#,
        ),
        (
            layer.realm(""),
            r#"Bearer realm="""#,
            r#"Bearer realm="", error="invalid_token", error_description="Token malformed.""#,
        ),
    ] {
        let app = whoami().layer(layer);
        let response = send(&app, Request::new(Body::empty())).await;
        assert_eq!(response.challenge(), Some(missing));
        assert_eq!(send(&app, with_token("abc")).await.challenge(), Some(invalid));
    }
}
