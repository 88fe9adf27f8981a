//! CORS preflights, with tower-http's CORS layer outside, inside, and nowhere.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Body, routing::any};
use http::{Method, Request, header::AUTHORIZATION};
use portcullis::{
    Access, AuthenticateLayer, BearerToken, ErrorKind, Identity, Policies, Scope, Verification,
    Verify, error::TokenFault,
};
use tower_http::cors::CorsLayer;

use crate::support::{TestResponse, send};

const ORIGIN: &str = "https://app.example";

/// Accepts one token.
struct Known;

impl Verify<BearerToken<'_>> for Known {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        Verification::ready(match token.as_str() {
            "good" => Ok(Identity::assertion().subject("alice").build()),
            _ => Err(TokenFault::Revoked.into()),
        })
    }
}

/// Handlers for any method, which count their calls.
#[derive(Clone, Default)]
struct Handlers(Arc<AtomicUsize>);

impl Handlers {
    fn router(&self) -> Router {
        let calls = Arc::clone(&self.0);
        let handler = any(async move || {
            calls.fetch_add(1, Ordering::Relaxed);
            "in"
        });
        Router::new().route("/orders", handler.clone()).route("/admin", handler)
    }

    fn calls(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn layer() -> AuthenticateLayer {
    AuthenticateLayer::bearer(Known).query_parameter()
}

fn policies() -> Policies {
    Policies::builder()
        .any_method("/orders", Scope::from_static("orders"))
        .any_method("/admin", Access::Deny)
        .unlisted_authenticated()
        .build()
        .unwrap()
}

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin([ORIGIN.parse().unwrap()])
        .allow_methods([Method::PUT])
        .allow_headers([AUTHORIZATION])
}

fn preflight(uri: &str) -> Request<Body> {
    Request::options(uri)
        .header("origin", ORIGIN)
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "authorization")
        .body(Body::empty())
        .unwrap()
}

fn allowed_origin(response: &TestResponse) -> Option<&str> {
    response.headers.get("access-control-allow-origin").map(|line| line.to_str().unwrap())
}

#[tokio::test]
async fn a_preflight_reaches_no_handler_wherever_the_cors_layer_is() {
    let handlers = Handlers::default();
    let outside = || handlers.router().layer(layer()).layer(cors());
    let inside = || handlers.router().layer(cors()).layer(layer());
    let nowhere = || handlers.router().layer(layer());
    let with_table = || handlers.router().layer(layer().policies(policies()));
    for (case, app, status) in [
        ("outside", outside(), 200),
        ("inside", inside(), 401),
        ("nowhere", nowhere(), 401),
        ("nowhere, with a table", with_table(), 401),
        ("inside, with a table", with_table().layer(layer()), 401),
    ] {
        for uri in ["/orders", "/admin", "/elsewhere", "/orders?access_token=bad"] {
            let response = send(&app, preflight(uri)).await;
            assert_eq!(response.status, status, "{case} {uri}");
            assert_eq!(handlers.calls(), 0, "{case} {uri}");
            assert!(!response.body.contains("bad"), "{case} {uri}: {}", response.body);
        }
    }
}

#[tokio::test]
async fn a_row_that_denies_also_denies_a_preflight_with_a_valid_token() {
    let handlers = Handlers::default();
    let app = handlers.router().layer(layer().policies(policies()));
    for (uri, kind) in
        [("/admin", ErrorKind::AccessDenied), ("/orders", ErrorKind::InsufficientScope)]
    {
        let mut in_header = preflight(uri);
        in_header.headers_mut().insert(AUTHORIZATION, "Bearer good".parse().unwrap());
        for request in [in_header, preflight(&format!("{uri}?access_token=good"))] {
            assert_eq!(send(&app, request).await.kind(), Some(kind), "{uri}");
        }
    }
    assert_eq!(handlers.calls(), 0);
}

#[tokio::test]
async fn with_cors_outside_a_script_can_read_every_response() {
    let handlers = Handlers::default();
    let app = handlers.router().layer(layer().policies(policies())).layer(cors());
    let response = send(&app, preflight("/orders")).await;
    assert_eq!(response.headers["access-control-allow-methods"], "PUT");
    assert_eq!(response.headers["access-control-allow-headers"], "authorization");

    for (uri, token, status) in [
        ("/orders", None, 401),
        ("/orders", Some("bad"), 401),
        ("/orders", Some("good"), 403),
        ("/elsewhere", Some("good"), 404),
    ] {
        let mut request = Request::put(uri).header("origin", ORIGIN).body(Body::empty()).unwrap();
        if let Some(token) = token {
            let line = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert(AUTHORIZATION, line);
        }
        let response = send(&app, request).await;
        assert_eq!(response.status, status, "{uri} {token:?}");
        assert_eq!(allowed_origin(&response), Some(ORIGIN), "{uri} {token:?}");
    }
}

#[tokio::test]
async fn the_log_of_a_rejected_preflight_says_what_to_do() {
    let app = Handlers::default().router().layer(cors()).layer(layer());
    let response = send(&app, preflight("/orders")).await;
    let error = response.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::MissingCredentials);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "a CORS preflight: put the CORS layer outside the AuthenticateLayer");
    assert!(!response.body.contains("CORS"), "{}", response.body);

    let other = Request::options("/orders").header("origin", ORIGIN).body(Body::empty()).unwrap();
    let error = send(&app, other).await.error.unwrap();
    assert!(std::error::Error::source(&error).is_none());
}

#[tokio::test]
async fn a_preflight_is_anonymous_only_where_every_request_may_be() {
    let handlers = Handlers::default();
    let app = handlers.router().layer(cors()).layer(layer().allow_anonymous());
    let response = send(&app, preflight("/orders")).await;
    assert_eq!((response.status.as_u16(), allowed_origin(&response)), (200, Some(ORIGIN)));
    assert_eq!(handlers.calls(), 0);
    // Its credentials are still verified, as in any other request.
    let mut request = preflight("/orders");
    request.headers_mut().insert(AUTHORIZATION, "Bearer bad".parse().unwrap());
    assert_eq!(send(&app, request).await.status, 401);
}
