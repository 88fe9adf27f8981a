//! The query parameter `access_token` (RFC 6750 §2.3): who sees it, and what it does to responses.

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

use super::{GOOD, Known};
use crate::support::{Answer, send, with_token};

fn layer() -> AuthenticateLayer {
    AuthenticateLayer::bearer(Known).query_parameter()
}

async fn get(app: &Router, uri: &str) -> Answer {
    send(app, Request::get(uri).body(axum::body::Body::empty()).unwrap()).await
}

async fn whole(uri: Uri, OriginalUri(original): OriginalUri) -> String {
    format!("{uri} {original}")
}

#[tokio::test]
async fn the_token_is_taken_out_of_the_uri_and_the_rest_is_left_as_it_was() {
    let app: Router = Router::new().fallback(whole).layer(layer());
    for (uri, left) in [
        ("/?access_token=GOOD", "/"),
        ("/orders?access_token=GOOD", "/orders"),
        ("/orders?a=b&access_token=GOOD&c=%28d", "/orders?a=b&c=%28d"),
        ("/orders?access%5Ftoken=GOOD&a", "/orders?a"),
        ("https://api.example/orders?access_token=GOOD&a=b", "https://api.example/orders?a=b"),
        ("https://api.example?access_token=GOOD", "https://api.example/"),
    ] {
        let answer = get(&app, &uri.replace("GOOD", GOOD)).await;
        assert_eq!(answer.body, format!("{left} {left}"), "{uri}");
    }
}

#[tokio::test]
async fn nested_routers_do_not_see_it_either_wherever_the_layer_stands() {
    let inner = || Router::new().route("/orders", any(whole));
    let outside = Router::new().nest("/api", inner()).layer(layer());
    let inside = Router::new().nest("/api", inner().layer(layer()));
    for app in [outside, inside] {
        let answer = get(&app, &format!("/api/orders?access_token={GOOD}&a=b")).await;
        assert_eq!(answer.body, "/orders?a=b /api/orders?a=b");
    }
}

#[tokio::test]
async fn no_error_body_shows_it() {
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
            let answer = get(&app, uri).await;
            assert_eq!(answer.status, status, "{uri}");
            assert!(!answer.body.contains("s3cret"), "{uri}: {}", answer.body);
            let shows_uri = answer.body.contains("/a");
            assert_eq!(shows_uri, answer.body.contains("/a?b=c"), "{uri}: {}", answer.body);
        }
        let answer = get(&app, &format!("/guarded?b=c&access_token={GOOD}")).await;
        assert_eq!(answer.kind(), Some(ErrorKind::InsufficientScope));
        assert!(!answer.body.contains(GOOD), "{}", answer.body);
    }
}

#[tokio::test]
async fn only_a_success_is_made_private() {
    for (status, private) in [
        (200, true),
        (201, true),
        (204, true),
        (206, true),
        (299, true),
        (301, false),
        (304, false),
        (400, false),
        (404, false),
        (500, false),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let app: Router = Router::new().fallback(async move || status).layer(layer());
        let answer = get(&app, &format!("/?access_token={GOOD}")).await;
        assert_eq!(answer.status, status);
        let line = answer.headers.get(CACHE_CONTROL).map(|line| line.to_str().unwrap());
        assert_eq!(line, private.then_some("private"), "{status}");
        // A token in the header makes no response private by itself: shared caches know of that one.
        let answer = send(&app, with_token(GOOD)).await;
        assert!(!answer.headers.contains_key(CACHE_CONTROL), "{status}");
    }
}

#[tokio::test]
async fn no_rejection_is_called_private() {
    let app: Router = Router::new().fallback(async || "in").layer(layer());
    for uri in ["/", "/?access_token=made-up", "/?access_token=", "/?access_token=a&access_token=a"]
    {
        assert!(!get(&app, uri).await.headers.contains_key(CACHE_CONTROL), "{uri}");
    }
}

#[tokio::test]
async fn what_a_response_says_itself_is_kept_and_made_stricter_where_it_is_not_strict_enough() {
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
    for (own, expected) in cases {
        let handler = async move || -> Response { [(CACHE_CONTROL, own)].into_response() };
        let app: Router = Router::new().fallback(handler).layer(layer());
        let answer = get(&app, &format!("/?access_token={GOOD}")).await;
        let lines: Vec<_> = answer.headers.get_all(CACHE_CONTROL).iter().collect();
        assert_eq!(lines, expected, "{own}");
    }
}

#[tokio::test]
async fn switched_off_it_is_just_a_parameter_that_services_see_and_error_bodies_still_hide() {
    let app: Router = Router::new().fallback(whole).layer(AuthenticateLayer::bearer(Known));
    let mut request = with_token(GOOD);
    *request.uri_mut() = "/?access_token=s3cret".parse().unwrap();
    assert_eq!(send(&app, request).await.body, "/?access_token=s3cret /?access_token=s3cret");
    let rejected = get(&app, "/?access_token=s3cret").await;
    assert!(!rejected.body.contains("s3cret"), "{}", rejected.body);
}
