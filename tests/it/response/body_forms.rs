//! The formats of error bodies.

use axum::{Router, body::Body, routing::get};
use http::{HeaderValue, Request};
use portcullis::{
    AuthenticateLayer, BasicCredentials, BasicVerifier, Error, ErrorBody, RequireScopeLayer, Scope,
    response::Content,
};
use serde_json::json;

use super::{issuer, layer};
use crate::support::{API, TestResponse, send};

/// Three rejections in that format, by the layer, a guard and a handler. The URIs contain characters to escape.
async fn rejections(format: ErrorBody) -> [TestResponse; 3] {
    let issuer = issuer();
    let broken = async || -> Result<String, Error> { Err(Error::unavailable("down")) };
    let read = RequireScopeLayer::new(Scope::from_static("read"));
    let app = Router::new()
        .route("/a", get("in"))
        .route("/b", get("in").route_layer(read))
        .route("/c/{name}", get(broken))
        .layer(layer(&issuer).error_body(format));
    let valid = issuer.token().audience(API);
    let expired = valid.clone().claim("exp", json!(super::SECONDS - 3600));
    let get = |uri: &str, token: String| {
        let request = Request::get(uri).header("authorization", format!("Bearer {token}"));
        request.body(Body::empty()).unwrap()
    };
    [
        send(&app, get("/a?filter=freight%28GTE%292500", expired.mint())).await,
        send(&app, get("/b", valid.clone().mint())).await,
        send(&app, get("/c/\"d\"", valid.mint())).await,
    ]
}

/// Asserts that status and challenge don't depend on the format.
fn assert_status_and_challenge(responses: &[TestResponse; 3]) {
    let challenge = |response: &TestResponse| response.challenge().map(str::to_owned);
    assert_eq!(responses.each_ref().map(|response| response.status.as_u16()), [401, 403, 503]);
    assert_eq!(
        challenge(&responses[0]).unwrap(),
        r#"Bearer realm="orders", error="invalid_token", error_description="Token expired.""#
    );
    assert_eq!(
        challenge(&responses[1]).unwrap(),
        r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.", scope="read""#
    );
    assert_eq!(challenge(&responses[2]), None);
}

fn assert_content_type(responses: &[TestResponse; 3], content_type: &str) {
    for response in responses {
        assert_eq!(response.headers["content-type"], content_type);
    }
}

#[tokio::test]
async fn the_default_is_json_with_seven_members_and_the_error_code() {
    for format in [ErrorBody::default(), ErrorBody::json()] {
        let responses = rejections(format).await;
        assert_status_and_challenge(&responses);
        assert_content_type(&responses, "application/json");
        assert_eq!(
            responses.each_ref().map(|response| &*response.body),
            [
                r#"{"statusCode":401,"statusText":"Unauthorized","message":"Token expired.","date":"2019-11-13T06:26:01","statusFamily":"CLIENT_ERROR","method":"GET","uri":"/a?filter=freight%28GTE%292500","error":"invalid_token"}"#,
                r#"{"statusCode":403,"statusText":"Forbidden","message":"Token lacks the required scope.","date":"2019-11-13T06:26:01","statusFamily":"CLIENT_ERROR","method":"GET","uri":"/b","error":"insufficient_scope"}"#,
                r#"{"statusCode":503,"statusText":"Service Unavailable","message":"Authentication temporarily unavailable.","date":"2019-11-13T06:26:01","statusFamily":"SERVER_ERROR","method":"GET","uri":"/c/\"d\""}"#,
            ]
        );
        assert_eq!(responses[2].json()["uri"], "/c/\"d\"");
    }
}

#[tokio::test]
async fn an_empty_body_has_no_content_type() {
    let responses = rejections(ErrorBody::empty()).await;
    assert_status_and_challenge(&responses);
    for response in &responses {
        assert_eq!(response.body, "");
        assert!(!response.headers.contains_key("content-type"), "{:?}", response.headers);
    }
}

#[tokio::test]
async fn problem_json_has_title_status_detail_and_instance() {
    let responses = rejections(ErrorBody::problem_json()).await;
    assert_status_and_challenge(&responses);
    assert_content_type(&responses, "application/problem+json");
    assert_eq!(
        responses.each_ref().map(|response| &*response.body),
        [
            r#"{"title":"Unauthorized","status":401,"detail":"Token expired.","instance":"/a?filter=freight%28GTE%292500","error":"invalid_token"}"#,
            r#"{"title":"Forbidden","status":403,"detail":"Token lacks the required scope.","instance":"/b","error":"insufficient_scope"}"#,
            r#"{"title":"Service Unavailable","status":503,"detail":"Authentication temporarily unavailable.","instance":"/c/\"d\""}"#,
        ]
    );
}

#[tokio::test]
async fn the_oauth_format_has_error_and_error_description() {
    let responses = rejections(ErrorBody::oauth()).await;
    assert_status_and_challenge(&responses);
    assert_content_type(&responses, "application/json");
    assert_eq!(
        responses.each_ref().map(|response| &*response.body),
        [
            r#"{"error":"invalid_token","error_description":"Token expired."}"#,
            r#"{"error":"insufficient_scope","error_description":"Token lacks the required scope."}"#,
            r#"{"error_description":"Authentication temporarily unavailable."}"#,
        ]
    );
}

#[tokio::test]
async fn at_a_token_endpoint_an_unknown_client_is_invalid_client() {
    let no_users = BasicVerifier::builder(async |_: BasicCredentials| Ok(None)).build().unwrap();
    let layer = AuthenticateLayer::basic_only(no_users).error_body(ErrorBody::token_endpoint());
    let app: Router = Router::new().route("/token", get("in")).layer(layer);
    for (authorization, status, body) in [
        (None, 401, r#"{"error":"invalid_client","error_description":"Authentication required."}"#),
        (
            Some("Basic YTpi"),
            401,
            r#"{"error":"invalid_client","error_description":"Invalid credentials."}"#,
        ),
        (
            Some("Basic ?"),
            400,
            r#"{"error":"invalid_request","error_description":"Malformed credentials."}"#,
        ),
    ] {
        let mut request = Request::get("/token");
        if let Some(line) = authorization {
            request = request.header("authorization", line);
        }
        let response = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status, status, "{authorization:?}");
        assert_eq!(response.body, body, "{authorization:?}");
        assert_eq!(response.challenge(), Some(r#"Basic realm="restricted", charset="UTF-8""#));
    }
}

#[tokio::test]
async fn a_custom_body_has_access_to_error_method_uri_and_time() {
    let format = ErrorBody::custom(|rejection| {
        let time = rejection.time().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let (error, method, uri) = (rejection.error(), rejection.method(), rejection.uri());
        Content::text(format!("{time} {method} {uri}: {}", error.kind().reason()))
    });
    let responses = rejections(format).await;
    assert_status_and_challenge(&responses);
    assert_content_type(&responses, "text/plain; charset=utf-8");
    assert_eq!(
        responses.each_ref().map(|response| &*response.body),
        [
            "1573626361 GET /a?filter=freight%28GTE%292500: token_expired",
            "1573626361 GET /b: insufficient_scope",
            "1573626361 GET /c/\"d\": unavailable",
        ]
    );
}

#[tokio::test]
async fn a_custom_body_chooses_bytes_and_content_type() {
    let xml = HeaderValue::from_static("application/xml");
    for (format, content_type, body) in [
        (ErrorBody::custom(|_| Content::json("{}")), "application/json", "{}"),
        (ErrorBody::custom(|_| Content::text("")), "text/plain; charset=utf-8", ""),
        (ErrorBody::custom(move |_| Content::new(xml.clone(), "<e/>")), "application/xml", "<e/>"),
    ] {
        let responses = rejections(format).await;
        assert_status_and_challenge(&responses);
        assert_content_type(&responses, content_type);
        assert!(responses.iter().all(|response| response.body == body));
    }
}
