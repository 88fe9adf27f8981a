//! The query parameter `access_token` (RFC 6750 §2.3): what reads it, and how it changes responses.

use axum::{
    Router,
    extract::OriginalUri,
    response::{IntoResponse, Response},
    routing::any,
};
use http::{Request, StatusCode, Uri, header::CACHE_CONTROL};
use portcullis::{
    AuthenticateLayer, ErrorBody, ErrorKind, RequireScopeLayer, Scope, response::Content,
};

use super::{TestVerifier, VALID_TOKEN};
use crate::support::{TestResponse, send, with_token};

fn layer() -> AuthenticateLayer {
    AuthenticateLayer::bearer(TestVerifier).query_parameter()
}

async fn get(app: &Router, uri: &str) -> TestResponse {
    send(app, Request::get(uri).body(axum::body::Body::empty()).unwrap()).await
}

async fn uris(uri: Uri, OriginalUri(original): OriginalUri) -> String {
    format!("{uri} {original}")
}

#[tokio::test]
async fn the_token_is_removed_from_the_uri_and_the_rest_is_unchanged() {
    let app: Router = Router::new().fallback(uris).layer(layer());
    for (uri, rest) in [
        ("/?access_token=VALID", "/"),
        ("/orders?access_token=VALID", "/orders"),
        ("/orders?a=b&access_token=VALID&c=%28d", "/orders?a=b&c=%28d"),
        ("/orders?access%5Ftoken=VALID&a", "/orders?a"),
        ("https://api.example/orders?access_token=VALID&a=b", "https://api.example/orders?a=b"),
        ("https://api.example?access_token=VALID", "https://api.example/"),
    ] {
        let response = get(&app, &uri.replace("VALID", VALID_TOKEN)).await;
        assert_eq!(response.body, format!("{rest} {rest}"), "{uri}");
    }
}

#[tokio::test]
async fn nested_routers_do_not_see_the_token() {
    let inner = || Router::new().route("/orders", any(uris));
    let outside = Router::new().nest("/api", inner()).layer(layer());
    let inside = Router::new().nest("/api", inner().layer(layer()));
    for app in [outside, inside] {
        let response = get(&app, &format!("/api/orders?access_token={VALID_TOKEN}&a=b")).await;
        assert_eq!(response.body, "/orders?a=b /api/orders?a=b");
    }
}

#[tokio::test]
async fn no_error_body_contains_the_token() {
    let custom = ErrorBody::custom(|rejection| Content::text(rejection.uri()));
    let handler = async || StatusCode::OK.into_response();
    let read = RequireScopeLayer::new(Scope::from_static("read"));
    for body in [ErrorBody::json(), ErrorBody::problem_json(), ErrorBody::oauth(), custom] {
        let app: Router = Router::new()
            .route("/guarded", any(handler).layer(read.clone()))
            .fallback(handler)
            .layer(layer().error_body(body));
        for (uri, status) in [
            ("/a?access_token=s3cret&b=c", 401),
            ("/a?b=c&access_token=s3cret=s3cret", 400),
            ("/a?b=c&access_token=s3cret%zz", 400),
            ("/a?access_token=s3cret&access_token=s3cret&b=c", 400),
            ("/a?b=c&access%5ftoken=s3cret&access_token=s3cret", 400),
        ] {
            let response = get(&app, uri).await;
            assert_eq!(response.status, status, "{uri}");
            assert!(!response.body.contains("s3cret"), "{uri}: {}", response.body);
            let shows_uri = response.body.contains("/a");
            assert_eq!(shows_uri, response.body.contains("/a?b=c"), "{uri}: {}", response.body);
        }
        let response = get(&app, &format!("/guarded?b=c&access_token={VALID_TOKEN}")).await;
        assert_eq!(response.kind(), Some(ErrorKind::InsufficientScope));
        assert!(!response.body.contains(VALID_TOKEN), "{}", response.body);
    }
}

// Verifies rfc6750-2.3-private.
#[tokio::test]
async fn only_successful_and_revalidated_responses_are_private() {
    for (status, private) in [
        (200, true),
        (201, true),
        (204, true),
        (206, true),
        (299, true),
        (301, false),
        (304, true),
        (400, false),
        (404, false),
        (500, false),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let app: Router = Router::new().fallback(async move || status).layer(layer());
        let response = get(&app, &format!("/?access_token={VALID_TOKEN}")).await;
        assert_eq!(response.status, status);
        let line = response.headers.get(CACHE_CONTROL).map(|line| line.to_str().unwrap());
        assert_eq!(line, private.then_some("private"), "{status}");
        // A token in the header doesn't make a response private, because shared caches handle that case.
        let response = send(&app, with_token(VALID_TOKEN)).await;
        assert!(!response.headers.contains_key(CACHE_CONTROL), "{status}");
    }
}

#[tokio::test]
async fn rejections_are_not_marked_private() {
    let app: Router = Router::new().fallback(async || "in").layer(layer());
    for uri in ["/", "/?access_token=unknown", "/?access_token=", "/?access_token=a&access_token=a"]
    {
        assert!(!get(&app, uri).await.headers.contains_key(CACHE_CONTROL), "{uri}");
    }
}

#[tokio::test]
async fn an_existing_cache_control_is_extended_if_not_strict_enough() {
    let cases: [(&'static str, &[&str]); 10] = [
        ("max-age=60", &["max-age=60", "private"]),
        ("public, max-age=60", &["public, max-age=60", "private"]),
        ("no-cache", &["no-cache", "private"]),
        ("private=\"x-user\"", &["private=\"x-user\"", "private"]),
        ("x-private", &["x-private", "private"]),
        ("private", &["private"]),
        ("Private, max-age=60", &["Private, max-age=60"]),
        ("max-age=60,private", &["max-age=60,private"]),
        ("no-store", &["no-store"]),
        ("NO-STORE , no-cache", &["NO-STORE , no-cache"]),
    ];
    for (existing, expected) in cases {
        let handler = async move || -> Response { [(CACHE_CONTROL, existing)].into_response() };
        let app: Router = Router::new().fallback(handler).layer(layer());
        let response = get(&app, &format!("/?access_token={VALID_TOKEN}")).await;
        let lines: Vec<_> = response.headers.get_all(CACHE_CONTROL).iter().collect();
        assert_eq!(lines, expected, "{existing}");
    }
}

#[tokio::test]
async fn without_this_source_only_error_bodies_hide_the_parameter() {
    let app: Router = Router::new().fallback(uris).layer(AuthenticateLayer::bearer(TestVerifier));
    let mut request = with_token(VALID_TOKEN);
    *request.uri_mut() = "/?access_token=s3cret".parse().unwrap();
    assert_eq!(send(&app, request).await.body, "/?access_token=s3cret /?access_token=s3cret");
    let rejected = get(&app, "/?access_token=s3cret").await;
    assert!(!rejected.body.contains("s3cret"), "{}", rejected.body);
}
