//! What else is seen of a rejection: its extensions, its other headers, the address in its body.

use axum::{Router, body::Body, response::IntoResponse, routing::get};
use http::{HeaderName, HeaderValue, Request, Response};
use portcullis::{
    AuthenticateLayer, Error, ErrorBody, ErrorKind, RequireScopeLayer, Scope, TokenFault,
};
use tower::util::MapResponseLayer;

use super::{issuer, layer};
use crate::support::{API, send, whoami, with_token};

const READ: Scope = Scope::from_static("read");

/// Sets a header on every response.
fn sets(
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
async fn the_error_stays_in_the_response_s_extensions() {
    let issuer = issuer();
    let app = Router::new()
        .route("/", get("in").route_layer(RequireScopeLayer::new(READ)))
        .layer(layer(&issuer));
    let token = issuer.token().audience(API).mint();
    let answer = send(&app, with_token(&token)).await;
    let error = answer.error.unwrap();
    assert_eq!((error.kind(), error.scope()), (ErrorKind::InsufficientScope, Some("read")));
    assert_eq!(error.to_string(), "access token lacks a scope of `read`");

    let answer = send(&app, with_token("abc")).await;
    assert_eq!(answer.kind(), Some(TokenFault::Malformed.into()));
    let good = issuer.token().audience(API).scope("read").mint();
    assert!(send(&app, with_token(&good)).await.error.is_none());
}

#[tokio::test]
async fn an_access_token_in_the_query_is_shown_in_no_body() {
    let issuer = issuer();
    for form in [
        ErrorBody::json(),
        ErrorBody::problem_json(),
        ErrorBody::oauth(),
        ErrorBody::custom(|rejection| portcullis::response::Content::text(rejection.uri())),
    ] {
        let app = whoami().layer(layer(&issuer).error_body(form));
        for query in [
            "access_token=s3cret",
            "a=b&access_token=s3cret&c=d",
            "access%5ftoken=s3cret",
            "%61%63%63%65%73%73%5f%74%6f%6b%65%6e=s3cret",
            "access_token=s3cret&access_token=s3cret",
            "access_token=s3cret;x",
        ] {
            let request = Request::get(format!("/?{query}")).body(Body::empty()).unwrap();
            let answer = send(&app, request).await;
            assert_eq!(answer.status, 401, "{query}");
            assert!(!answer.body.contains("s3cret"), "{query}: {}", answer.body);
            assert!(!format!("{:?}", answer.headers).contains("s3cret"), "{query}");
            assert!(!format!("{:?}", answer.error).contains("s3cret"), "{query}");
        }
    }
}

#[tokio::test]
async fn the_rest_of_the_query_is_shown() {
    let app = whoami().layer(layer(&issuer()));
    let request = Request::get("/?a=b&access_token=x&c=%28").body(Body::empty()).unwrap();
    assert_eq!(send(&app, request).await.json()["uri"], "/?a=b&c=%28");
}

#[tokio::test]
async fn headers_that_a_layer_has_set_on_a_guard_s_rejection_survive() {
    let issuer = issuer();
    let app = Router::new()
        .route("/", get("in").route_layer(RequireScopeLayer::new(READ)))
        .layer(sets("access-control-allow-origin", "https://app.example"))
        .layer(sets("vary", "origin"))
        .layer(sets("x-request-id", "7"))
        .layer(layer(&issuer));
    let answer = send(&app, with_token(&issuer.token().audience(API).mint())).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["error"], "insufficient_scope");
    assert_eq!(answer.headers["access-control-allow-origin"], "https://app.example");
    assert_eq!(answer.headers["vary"], "origin");
    assert_eq!(answer.headers["x-request-id"], "7");
}

#[tokio::test]
async fn headers_that_told_of_the_old_body_do_not() {
    let issuer = issuer();
    let app = Router::new()
        .route("/", get("in").route_layer(RequireScopeLayer::new(READ)))
        .layer(sets("content-encoding", "gzip"))
        .layer(sets("content-length", "4711"))
        .layer(sets("content-type", "text/html"))
        .layer(sets("www-authenticate", "Basic"))
        .layer(layer(&issuer));
    let answer = send(&app, with_token(&issuer.token().audience(API).mint())).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(!answer.headers.contains_key("content-encoding"));
    let length = answer.headers.get("content-length").map(|length| length.to_str().unwrap());
    assert!(length.is_none_or(|length| length == answer.body.len().to_string()), "{length:?}");
    assert!(answer.challenge().unwrap().starts_with("Bearer "));
}

#[tokio::test]
async fn headers_that_a_handler_returns_with_its_error_survive() {
    let issuer = issuer();
    let handler = async || {
        let mut response = Error::access_denied().into_response();
        response.headers_mut().insert("x-reason", HeaderValue::from_static("holiday"));
        response
    };
    let app = Router::new().route("/", get(handler)).layer(layer(&issuer));
    let answer = send(&app, with_token(&issuer.token().audience(API).mint())).await;
    assert_eq!(answer.json()["message"], "Access denied.");
    assert_eq!(answer.headers["x-reason"], "holiday");
}

#[tokio::test]
async fn a_response_without_an_error_is_handed_on_as_it_is() {
    let issuer = issuer();
    let handler = async || (http::StatusCode::UNAUTHORIZED, [("www-authenticate", "Own")], "own");
    let app = Router::new().route("/", get(handler)).layer(layer(&issuer));
    let answer = send(&app, with_token(&issuer.token().audience(API).mint())).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (401, "own"));
    assert_eq!(answer.challenge(), Some("Own"));
    assert!(answer.error.is_none());
}

#[tokio::test]
async fn a_challenge_has_no_realm_unless_one_is_configured() {
    let issuer = issuer();
    let verifier = issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build().unwrap();
    let layer = AuthenticateLayer::bearer(verifier);
    for (layer, missing, invalid) in [
        (
            layer.clone(),
            "Bearer",
            r#"Bearer error="invalid_token", error_description="Token malformed.""#,
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
        let answer = send(&app, Request::new(Body::empty())).await;
        assert_eq!(answer.challenge(), Some(missing));
        assert_eq!(send(&app, with_token("abc")).await.challenge(), Some(invalid));
    }
}
