//! Options of the default format, and the URI that it shows.

use axum::{Router, body::Body, extract::OriginalUri, routing::get};
use http::{Method, Request};
use portcullis::{ErrorBody, RequireScopeLayer, Scope, response::JsonBody};
use serde_json::json;

use super::{SECONDS, issuer, layer};
use crate::support::{API, send};

fn absolute(base: &str) -> ErrorBody {
    JsonBody::new().base_uri(base).build().unwrap()
}

/// Sends `request`. Returns the `uri` in the body of the rejection.
async fn rejected_uri(app: &Router, request: Request<Body>) -> String {
    let response = send(app, request).await;
    assert!(response.status.is_client_error());
    response.json()["uri"].as_str().unwrap().to_owned()
}

fn request_to(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn the_body_can_have_exactly_the_seven_documented_members() {
    let issuer = issuer();
    let body = JsonBody::new().base_uri("http://platform-dev.example").without_error_code();
    let inner = Router::new().route("/Cargo", get("in"));
    let inner = inner.layer(layer(&issuer).error_body(body.build().unwrap()));
    let app = Router::new().nest("/ws/rest", inner);
    let token = issuer.token().audience(API).claim("exp", json!(SECONDS - 3600)).mint();

    let mut request = request_to("/ws/rest/Cargo?filter=subCargos.freight%28GTE%292500000");
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    let response = send(&app, request).await;
    assert_eq!(response.status, 401);
    assert_eq!(
        response.challenge(),
        Some(r#"Bearer realm="orders", error="invalid_token", error_description="Token expired.""#)
    );
    assert_eq!(
        response.body,
        r#"{"statusCode":401,"statusText":"Unauthorized","message":"Token expired.","date":"2019-11-13T06:26:01","statusFamily":"CLIENT_ERROR","method":"GET","uri":"http://platform-dev.example/ws/rest/Cargo?filter=subCargos.freight%28GTE%292500000"}"#
    );
}

#[tokio::test]
async fn without_error_code_no_body_has_a_member_error() {
    let issuer = issuer();
    let write = RequireScopeLayer::new(Scope::from_static("write"));
    let body = JsonBody::new().without_error_code().build().unwrap();
    let app = Router::new()
        .route("/", get("in").route_layer(write))
        .layer(layer(&issuer).error_body(body));
    let token = issuer.token().audience(API).mint();
    for (authorization, status) in [
        (None, 401),
        (Some("Bearer abc".to_owned()), 401),
        (Some("Bearer a,b".to_owned()), 400),
        (Some(format!("Bearer {token}")), 403),
    ] {
        let mut request = request_to("/");
        if let Some(line) = &authorization {
            request.headers_mut().insert("authorization", line.parse().unwrap());
        }
        let response = send(&app, request).await;
        assert_eq!(response.status, status, "{authorization:?}");
        assert_eq!(response.json().as_object().unwrap().len(), 7, "{authorization:?}");
        assert_eq!(response.json()["error"], json!(null), "{authorization:?}");
    }
}

#[tokio::test]
async fn uri_is_the_base_followed_by_the_request_target() {
    let issuer = issuer();
    for (base, target, uri) in [
        ("https://api.example", "/", "https://api.example/"),
        ("https://api.example/", "/a/b?c=d", "https://api.example/a/b?c=d"),
        ("https://api.example:8443", "/a?b=%28c", "https://api.example:8443/a?b=%28c"),
        ("https://api.example/v1/", "/a", "https://api.example/v1/a"),
        ("https://api.example", "/a?access_token=s3cret", "https://api.example/a"),
        ("https://api.example", "/a?b=c&access_token=s3cret", "https://api.example/a?b=c"),
        // The absolute form, as in proxies and HTTP/2. The client chooses its authority.
        ("https://api.example", "http://evil.example/a", "https://api.example/a"),
        ("https://api.example", "http://evil.example", "https://api.example/"),
    ] {
        let app = Router::new().fallback(get("in"));
        let app = app.layer(layer(&issuer).error_body(absolute(base)));
        assert_eq!(rejected_uri(&app, request_to(target)).await, uri, "{base} {target}");
    }
}

#[tokio::test]
async fn uri_is_the_base_for_the_asterisk_form() {
    let issuer = issuer();
    let app: Router = Router::new().fallback("in");
    let app = app.layer(layer(&issuer).error_body(absolute("https://api.example")));
    let mut request = request_to("*");
    *request.method_mut() = Method::OPTIONS;
    assert_eq!(rejected_uri(&app, request).await, "https://api.example");
}

#[tokio::test]
async fn request_headers_do_not_affect_the_uri() {
    let issuer = issuer();
    let names = ["host", "forwarded", "x-forwarded-host", "x-forwarded-proto", "x-original-url"];
    for (body, uri) in
        [(absolute("https://api.example"), "https://api.example/a"), (ErrorBody::json(), "/a")]
    {
        let app = Router::new().route("/a", get("in")).layer(layer(&issuer).error_body(body));
        let mut request = request_to("/a");
        for name in names {
            request.headers_mut().insert(name, "host=evil.example".parse().unwrap());
        }
        assert_eq!(rejected_uri(&app, request).await, uri);
    }
}

#[test]
fn an_invalid_base_is_rejected_by_name() {
    for (base, problem) in [
        ("", "not an absolute URL"),
        ("/ws/rest", "not an absolute URL"),
        ("api.example", "not an absolute URL"),
        ("ftp://api.example", "not an absolute URL"),
        ("https://api.example/ a", "not an absolute URL"),
        ("https://user@api.example", "must not contain a user name, a query or a fragment"),
        ("https://api.example/?a=b", "must not contain a user name, a query or a fragment"),
        ("https://api.example/#a", "must not contain a user name, a query or a fragment"),
    ] {
        let error = JsonBody::new().base_uri(base).build().unwrap_err();
        let shown_base = base.replace("user@", "\u{2026}@").replace("?a=b", "?\u{2026}");
        let shown_base = shown_base.replace("#a", "#\u{2026}");
        assert_eq!(error.to_string(), format!("base URI `{shown_base}`: {problem}"));
        assert_eq!(error.value(), shown_base);
    }
}

#[tokio::test]
async fn a_nested_router_shows_the_uri_that_the_client_requested() {
    let issuer = issuer();
    let write = RequireScopeLayer::new(Scope::from_static("write"));
    let guarded = Router::new().route("/b", get("in").route_layer(write));
    let token = issuer.token().audience(API).mint();
    for (form, member) in [(ErrorBody::json(), "uri"), (ErrorBody::problem_json(), "instance")] {
        let authenticate = layer(&issuer).query_parameter().error_body(form);
        let inside = Router::new().nest("/ws/rest", guarded.clone().layer(authenticate.clone()));
        let twice = Router::new()
            .nest("/ws", Router::new().nest("/rest", guarded.clone()).layer(authenticate.clone()));
        let outside = Router::new().nest("/ws/rest", guarded.clone()).layer(authenticate);
        for app in [inside, twice, outside] {
            for (query, status, uri) in [
                ("", 401, "/ws/rest/b"),
                ("?c=d", 401, "/ws/rest/b?c=d"),
                ("?c=d&access_token=abc", 401, "/ws/rest/b?c=d"),
                (&format!("?c=d&access_token={token}"), 403, "/ws/rest/b?c=d"),
            ] {
                let response = send(&app, request_to(&format!("/ws/rest/b{query}"))).await;
                assert_eq!(response.status, status, "{query}");
                assert_eq!(response.json()[member], uri, "{query}");
            }
        }
    }
}

#[tokio::test]
async fn the_original_uri_in_handlers_has_no_token() {
    let issuer = issuer();
    let original = async |OriginalUri(uri): OriginalUri| uri.to_string();
    let inner = Router::new().route("/b", get(original)).layer(layer(&issuer).query_parameter());
    let app = Router::new().nest("/a", inner);
    let token = issuer.token().audience(API).mint();
    let response = send(&app, request_to(&format!("/a/b?c=d&access_token={token}"))).await;
    assert_eq!(response.body, "/a/b?c=d");
}
