//! What can be chosen about the default form, and the address that it shows.

use axum::{Router, body::Body, extract::OriginalUri, routing::get};
use http::{Method, Request};
use portcullis::{ErrorBody, RequireScopeLayer, Scope, response::JsonBody};
use serde_json::json;

use super::{SECONDS, issuer, layer};
use crate::support::{API, send};

fn absolute(base: &str) -> ErrorBody {
    JsonBody::new().base_uri(base).build().unwrap()
}

/// The `uri` in the body of the rejection.
async fn shown(app: &Router, request: Request<Body>) -> String {
    let answer = send(app, request).await;
    assert!(answer.status.is_client_error());
    answer.json()["uri"].as_str().unwrap().to_owned()
}

fn asking(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn an_expired_token_is_told_in_the_seven_documented_members_and_no_other() {
    let issuer = issuer();
    let body = JsonBody::new().base_uri("http://platform-dev.example").without_error_code();
    let inner = Router::new().route("/Cargo", get("in"));
    let inner = inner.layer(layer(&issuer).error_body(body.build().unwrap()));
    let app = Router::new().nest("/ws/rest", inner);
    let token = issuer.token().audience(API).claim("exp", json!(SECONDS - 3600)).mint();

    let mut request = asking("/ws/rest/Cargo?filter=subCargos.freight%28GTE%292500000");
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    let answer = send(&app, request).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.challenge(),
        Some(r#"Bearer realm="orders", error="invalid_token", error_description="Token expired.""#)
    );
    assert_eq!(
        answer.body,
        r#"{"statusCode":401,"statusText":"Unauthorized","message":"Token expired.","date":"2019-11-13T06:26:01","statusFamily":"CLIENT_ERROR","method":"GET","uri":"http://platform-dev.example/ws/rest/Cargo?filter=subCargos.freight%28GTE%292500000"}"#
    );
}

#[tokio::test]
async fn without_the_code_no_rejection_has_an_error() {
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
        let mut request = asking("/");
        if let Some(line) = &authorization {
            request.headers_mut().insert("authorization", line.parse().unwrap());
        }
        let answer = send(&app, request).await;
        assert_eq!(answer.status, status, "{authorization:?}");
        assert_eq!(answer.json().as_object().unwrap().len(), 7, "{authorization:?}");
        assert_eq!(answer.json()["error"], json!(null), "{authorization:?}");
    }
}

#[tokio::test]
async fn the_uri_is_the_base_and_the_target() {
    let issuer = issuer();
    for (base, target, uri) in [
        ("https://api.example", "/", "https://api.example/"),
        ("https://api.example/", "/a/b?c=d", "https://api.example/a/b?c=d"),
        ("https://api.example:8443", "/a?b=%28c", "https://api.example:8443/a?b=%28c"),
        ("https://api.example/v1/", "/a", "https://api.example/v1/a"),
        ("https://api.example", "/a?access_token=s3cret", "https://api.example/a"),
        ("https://api.example", "/a?b=c&access_token=s3cret", "https://api.example/a?b=c"),
        // The absolute form, as proxies and HTTP/2 have it: the client's word too.
        ("https://api.example", "http://evil.example/a", "https://api.example/a"),
        ("https://api.example", "http://evil.example", "https://api.example/"),
    ] {
        let app = Router::new().fallback(get("in"));
        let app = app.layer(layer(&issuer).error_body(absolute(base)));
        assert_eq!(shown(&app, asking(target)).await, uri, "{base} {target}");
    }
}

#[tokio::test]
async fn the_target_of_all_is_the_base_itself() {
    let issuer = issuer();
    let app: Router = Router::new().fallback("in");
    let app = app.layer(layer(&issuer).error_body(absolute("https://api.example")));
    let mut request = asking("*");
    *request.method_mut() = Method::OPTIONS;
    assert_eq!(shown(&app, request).await, "https://api.example");
}

#[tokio::test]
async fn no_header_says_where_the_service_is() {
    let issuer = issuer();
    let names = ["host", "forwarded", "x-forwarded-host", "x-forwarded-proto", "x-original-url"];
    for (body, uri) in
        [(absolute("https://api.example"), "https://api.example/a"), (ErrorBody::json(), "/a")]
    {
        let app = Router::new().route("/a", get("in")).layer(layer(&issuer).error_body(body));
        let mut request = asking("/a");
        for name in names {
            request.headers_mut().insert(name, "host=evil.example".parse().unwrap());
        }
        assert_eq!(shown(&app, request).await, uri);
    }
}

#[test]
fn a_base_that_is_no_address_is_rejected_by_its_name() {
    for (base, problem) in [
        ("", "not an absolute URL"),
        ("/ws/rest", "not an absolute URL"),
        ("api.example", "not an absolute URL"),
        ("ftp://api.example", "not an absolute URL"),
        ("https://api.example/ a", "not an absolute URL"),
        ("https://user@api.example", "must not carry a user name, a query or a fragment"),
        ("https://api.example/?a=b", "must not carry a user name, a query or a fragment"),
        ("https://api.example/#a", "must not carry a user name, a query or a fragment"),
    ] {
        let error = JsonBody::new().base_uri(base).build().unwrap_err();
        let shown = base.replace("user@", "\u{2026}@");
        assert_eq!(error.to_string(), format!("base URI `{shown}`: {problem}"));
        assert_eq!(error.value(), shown);
    }
}

#[tokio::test]
async fn a_nested_router_shows_the_address_that_the_client_called() {
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
                let answer = send(&app, asking(&format!("/ws/rest/b{query}"))).await;
                assert_eq!(answer.status, status, "{query}");
                assert_eq!(answer.json()[member], uri, "{query}");
            }
        }
    }
}

#[tokio::test]
async fn the_original_uri_that_handlers_see_has_no_token() {
    let issuer = issuer();
    let original = async |OriginalUri(uri): OriginalUri| uri.to_string();
    let inner = Router::new().route("/b", get(original)).layer(layer(&issuer).query_parameter());
    let app = Router::new().nest("/a", inner);
    let token = issuer.token().audience(API).mint();
    let answer = send(&app, asking(&format!("/a/b?c=d&access_token={token}"))).await;
    assert_eq!(answer.body, "/a/b?c=d");
}
