//! Rejections of gRPC calls, which consist of headers only.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    response::IntoResponse,
    routing::{any, post},
};
use http::{Request, header::CONTENT_TYPE};
use portcullis::{
    AuthenticateLayer, BasicCredentials, Error, ErrorBody, ErrorKind, Identity, RequireScopeLayer,
    Scope, Verification,
    error::{RequestFault, TokenFault},
    testing::TestIssuer,
};
use tonic_types::{ErrorDetail, StatusExt};

use super::issuer;
use crate::support::{API, TestResponse, send};

const METHOD: &str = "/orders.Orders/Create";

/// [`super::layer`], for gRPC.
fn layer(issuer: &TestIssuer) -> AuthenticateLayer {
    super::layer(issuer).grpc()
}

/// A call of [`METHOD`] with that media type and `Authorization`.
fn call(media_type: &str, authorization: Option<&str>) -> Request<Body> {
    let request = Request::post(METHOD).header(CONTENT_TYPE, media_type);
    let request = match authorization {
        Some(line) => request.header("authorization", line),
        None => request,
    };
    request.body(Body::empty()).unwrap()
}

/// The status as tonic reads it from the headers.
fn status(response: &TestResponse) -> tonic::Status {
    assert_eq!(response.status, 200);
    assert_eq!(response.body, "");
    tonic::Status::from_header_map(&response.headers).expect("a status in the headers")
}

#[tokio::test]
async fn every_kind_of_error_has_its_grpc_status() {
    let issuer = issuer();
    let cases: [(Error, i32, &str, Option<&str>); 9] = [
        (ErrorKind::AccessDenied.into(), 7, "Access denied.", None),
        (
            Error::insufficient_scope("a b"),
            7,
            "Token lacks the required scope.",
            Some(
                r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.", scope="a b""#,
            ),
        ),
        (
            ErrorKind::InvalidCredentials.into(),
            16,
            "Invalid credentials.",
            Some(r#"Bearer realm="orders""#),
        ),
        (
            RequestFault::Repeated.into(),
            3,
            "More than one set of credentials.",
            Some(
                r#"Bearer realm="orders", error="invalid_request", error_description="More than one set of credentials.""#,
            ),
        ),
        (
            TokenFault::Revoked.into(),
            16,
            "Token revoked.",
            Some(
                r#"Bearer realm="orders", error="invalid_token", error_description="Token revoked.""#,
            ),
        ),
        (
            ErrorKind::MissingCredentials.into(),
            16,
            "Authentication required.",
            Some(r#"Bearer realm="orders""#),
        ),
        (ErrorKind::Misconfigured.into(), 13, "Internal error.", None),
        (ErrorKind::TooManyAttempts.into(), 8, "Too many attempts.", None),
        (ErrorKind::Unavailable.into(), 14, "Authentication temporarily unavailable.", None),
    ];
    for (error, code, message, challenge) in cases {
        let kind = error.kind();
        let handler = async move || -> Result<String, Error> { Err(error) };
        let app = Router::new().route(METHOD, post(handler)).layer(layer(&issuer));
        let token = issuer.token().audience(API).mint();
        let response = send(&app, call("application/grpc", Some(&format!("Bearer {token}")))).await;
        let status = status(&response);
        assert_eq!(status.code() as i32, code, "{kind:?}");
        assert_eq!(status.message(), message, "{kind:?}");
        assert_eq!(response.challenge(), challenge, "{kind:?}");
        assert_eq!(response.headers["content-type"], "application/grpc", "{kind:?}");
        assert_eq!(response.kind(), Some(kind));
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.reason, kind.reason().to_uppercase());
        assert_eq!(info.domain, "orders");
        assert_eq!(info.metadata.get("error").map(String::as_str), kind.code(), "{kind:?}");
        let scope = (kind == ErrorKind::InsufficientScope).then_some("a b");
        assert_eq!(info.metadata.get("scope").map(String::as_str), scope, "{kind:?}");
        assert!(status.get_details_retry_info().is_none(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_rejection_has_the_media_type_of_the_call() {
    let issuer = issuer();
    let app = Router::new().route(METHOD, post("in")).layer(layer(&issuer));
    for (media_type, response_type) in [
        ("application/grpc", "application/grpc"),
        ("application/grpc+proto", "application/grpc+proto"),
        ("application/grpc+json", "application/grpc+json"),
        ("Application/gRPC+Proto;charset=utf-8", "application/grpc+proto"),
        ("application/grpc+x-mine", "application/grpc"),
        ("application/grpc-web", "application/grpc-web"),
        ("application/grpc-web+proto", "application/grpc-web+proto"),
        ("application/grpc-web+json", "application/grpc-web+json"),
        ("application/grpc-web-text", "application/grpc-web-text"),
        ("application/grpc-web-text+proto", "application/grpc-web-text+proto"),
    ] {
        let response = send(&app, call(media_type, None)).await;
        assert_eq!(status(&response).code(), tonic::Code::Unauthenticated, "{media_type}");
        assert_eq!(response.headers["content-type"], response_type, "{media_type}");
    }
}

#[tokio::test]
async fn requests_that_are_not_grpc_calls_are_rejected_in_http() {
    let issuer = issuer();
    let app = Router::new().route(METHOD, any("in")).layer(layer(&issuer));
    for (method, media_type) in [
        ("GET", "application/grpc"),
        ("HEAD", "application/grpc"),
        ("PUT", "application/grpc+proto"),
        ("OPTIONS", "application/grpc-web"),
        ("POST", "application/json"),
        ("POST", "application/grpcs"),
        ("POST", "application/grpc-websocket"),
    ] {
        let mut request = call(media_type, None);
        *request.method_mut() = method.parse().unwrap();
        let response = send(&app, request).await;
        assert_eq!(response.status, 401, "{method} {media_type}");
        assert_eq!(response.headers["content-type"], "application/json", "{method} {media_type}");
        assert!(!response.headers.contains_key("grpc-status"), "{method} {media_type}");
    }
}

#[tokio::test]
async fn by_default_calls_are_rejected_with_http_statuses() {
    let issuer = issuer();
    let app = Router::new().route(METHOD, post("in")).layer(super::layer(&issuer));
    for media_type in ["application/grpc", "application/grpc+proto", "application/grpc-web-text"] {
        let response = send(&app, call(media_type, None)).await;
        assert_eq!(response.status, 401, "{media_type}");
        assert!(!response.headers.contains_key("grpc-status"), "{media_type}");
        assert_eq!(response.json()["message"], "Authentication required.");
    }
}

#[tokio::test]
async fn guards_and_extractors_reject_in_grpc() {
    let issuer = issuer();
    let scope = RequireScopeLayer::new(Scope::from_static("orders:write"));
    let guarded = Router::new().route(METHOD, post("in")).route_layer(scope);
    let extracting = Router::new().route(METHOD, post(async |_: Identity| "in"));
    let token = issuer.token().audience(API).scope("orders:read").mint();
    let line = format!("Bearer {token}");

    let app = guarded.clone().layer(layer(&issuer));
    let response = send(&app, call("application/grpc", Some(&line))).await;
    assert_eq!(status(&response).code(), tonic::Code::PermissionDenied);
    let challenge = response.challenge().unwrap();
    assert!(challenge.ends_with(r#"scope="orders:write""#), "{challenge}");

    for (app, challenge) in [
        (guarded, r#"Bearer realm="orders", scope="orders:write""#),
        (extracting, r#"Bearer realm="orders""#),
    ] {
        let app = app.layer(layer(&issuer).allow_anonymous());
        let response = send(&app, call("application/grpc", None)).await;
        assert_eq!(status(&response).code(), tonic::Code::Unauthenticated);
        assert_eq!(response.challenge(), Some(challenge));
    }
}

#[tokio::test]
async fn retry_info_has_the_delay_of_retry_after() {
    let issuer = issuer();
    for (delay, seconds) in [(Duration::ZERO, 1), (Duration::from_millis(2500), 3)] {
        let handler = async move || -> Result<String, Error> {
            Err(Error::unavailable("the store is unreachable").with_retry_after(delay))
        };
        let app = Router::new().route(METHOD, post(handler)).layer(layer(&issuer));
        let line = format!("Bearer {}", issuer.token().audience(API).mint());
        let response = send(&app, call("application/grpc", Some(&line))).await;
        assert_eq!(response.headers["retry-after"], seconds.to_string());
        assert_eq!(response.headers["grpc-retry-pushback-ms"], (seconds * 1000).to_string());
        let status = status(&response);
        assert_eq!(status.code(), tonic::Code::Unavailable);
        let retry = status.get_details_retry_info().unwrap();
        assert_eq!(retry.retry_delay, Some(delay));
        let details = status.get_error_details_vec();
        assert!(matches!(details[..], [ErrorDetail::ErrorInfo(_), ErrorDetail::RetryInfo(_)]));
    }
}

#[tokio::test]
async fn headers_that_contradict_a_rejection_are_replaced() {
    let issuer = issuer();
    let handler = async || {
        let mut response = ([("x-request-id", "7")], "a body that nobody may see").into_response();
        let (status, headers) = (http::StatusCode::IM_A_TEAPOT, response.headers_mut());
        headers.insert("content-length", 26.into());
        headers.insert("grpc-status", 0.into());
        headers.insert("grpc-message", "fine".parse().unwrap());
        headers.insert("www-authenticate", "Negotiate".parse().unwrap());
        *response.status_mut() = status;
        response.extensions_mut().insert(Error::access_denied());
        response
    };
    let app = Router::new().route(METHOD, post(handler)).layer(layer(&issuer));
    let line = format!("Bearer {}", issuer.token().audience(API).mint());
    let response = send(&app, call("application/grpc", Some(&line))).await;
    assert_eq!(status(&response).code(), tonic::Code::PermissionDenied);
    assert_eq!(response.headers.get_all("grpc-status").iter().count(), 1);
    assert_eq!(response.headers["grpc-message"], "Access denied.");
    assert_eq!(response.challenge(), None);
    assert_eq!(response.headers["x-request-id"], "7");
    assert!(response.headers.get("content-length").is_none_or(|length| length == "0"));
}

#[tokio::test]
async fn each_scheme_has_a_challenge_in_ascii() {
    let issuer = issuer();
    let no_users =
        |_: BasicCredentials| Verification::ready(Err(ErrorKind::InvalidCredentials.into()));
    let layer = layer(&issuer).basic(Users(no_users)).realm("caf\u{e9}");
    let app = Router::new().route(METHOD, post("in")).layer(layer);
    let response = send(&app, call("application/grpc", Some("Basic YTpi"))).await;
    let challenges: Vec<_> = response.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(challenges, [r#"Bearer realm="caf?""#, r#"Basic realm="caf?", charset="UTF-8""#]);
    let status = status(&response);
    assert_eq!(status.code(), tonic::Code::Unauthenticated);
    assert_eq!(status.get_details_error_info().unwrap().domain, "caf\u{e9}");
}

#[tokio::test]
async fn long_realms_and_scopes_fit_into_details() {
    let issuer = issuer();
    let (realm, scope) = ("r".repeat(200), ["orders:read"; 40].join(" "));
    let error = Error::insufficient_scope(&*scope);
    let handler = async move || -> Result<String, Error> { Err(error) };
    let app = Router::new().route(METHOD, post(handler)).layer(layer(&issuer).realm(&*realm));
    let line = format!("Bearer {}", issuer.token().audience(API).mint());
    let response = send(&app, call("application/grpc", Some(&line))).await;
    let info = status(&response).get_details_error_info().unwrap();
    assert_eq!((info.domain, &info.metadata["scope"]), (realm, &scope));
}

#[tokio::test]
async fn the_error_body_format_does_not_affect_grpc() {
    let issuer = issuer();
    for body in [ErrorBody::json(), ErrorBody::problem_json(), ErrorBody::oauth()] {
        let app = Router::new().route(METHOD, post("in")).layer(layer(&issuer).error_body(body));
        let response = send(&app, call("application/grpc", None)).await;
        assert_eq!(status(&response).message(), "Authentication required.");
    }
}

struct Users(fn(BasicCredentials) -> Verification);

impl portcullis::Verify<BasicCredentials> for Users {
    fn verify(&self, credentials: BasicCredentials) -> Verification {
        self.0(credentials)
    }
}
