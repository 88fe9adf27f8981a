//! Every kind of error, returned by a handler.

use std::time::Duration;

use axum::{Router, routing::get};
use portcullis::{
    Error, ErrorKind,
    error::{RequestFault, TokenFault},
    testing::Fault,
};

use super::{Expected, issuer, layer};
use crate::support::{API, protected, send, with_token};

// Verifies rfc6750-3-every-401, rfc6750-3-scheme.
#[tokio::test]
async fn every_kind_of_error_has_its_status_challenge_and_body() {
    let issuer = issuer();
    for expected in [
        Expected {
            kind: ErrorKind::AccessDenied,
            status: (403, "Forbidden"),
            challenge: None,
            message: "Access denied.",
            error: None,
        },
        Expected {
            kind: ErrorKind::InsufficientScope,
            status: (403, "Forbidden"),
            challenge: Some(
                r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.""#,
            ),
            message: "Token lacks the required scope.",
            error: Some("insufficient_scope"),
        },
        Expected {
            kind: ErrorKind::InvalidCredentials,
            status: (401, "Unauthorized"),
            challenge: Some(r#"Bearer realm="orders""#),
            message: "Invalid credentials.",
            error: None,
        },
        Expected {
            kind: ErrorKind::InvalidRequest(RequestFault::Repeated),
            status: (400, "Bad Request"),
            challenge: Some(
                r#"Bearer realm="orders", error="invalid_request", error_description="More than one set of credentials.""#,
            ),
            message: "More than one set of credentials.",
            error: Some("invalid_request"),
        },
        Expected {
            kind: ErrorKind::InvalidToken(TokenFault::Revoked),
            status: (401, "Unauthorized"),
            challenge: Some(
                r#"Bearer realm="orders", error="invalid_token", error_description="Token revoked.""#,
            ),
            message: "Token revoked.",
            error: Some("invalid_token"),
        },
        Expected {
            kind: ErrorKind::MissingCredentials,
            status: (401, "Unauthorized"),
            challenge: Some(r#"Bearer realm="orders""#),
            message: "Authentication required.",
            error: None,
        },
        Expected {
            kind: ErrorKind::Misconfigured,
            status: (500, "Internal Server Error"),
            challenge: None,
            message: "Internal error.",
            error: None,
        },
        Expected {
            kind: ErrorKind::Unavailable,
            status: (503, "Service Unavailable"),
            challenge: None,
            message: "Authentication temporarily unavailable.",
            error: None,
        },
    ] {
        let kind = expected.kind;
        let handler = async move || -> Result<String, Error> { Err(Error::from(kind)) };
        let app = Router::new().route("/", get(handler)).layer(layer(&issuer));
        let request = with_token(&issuer.token().audience(API).mint());
        let response = expected.check(&app, request, &format!("{kind:?}")).await;
        assert!(!response.headers.contains_key("retry-after"), "{kind:?}");
    }
}

#[tokio::test]
async fn retry_after_is_rounded_up_to_whole_seconds() {
    let issuer = issuer();
    for (delay, seconds) in [
        (Duration::ZERO, "1"),
        (Duration::from_millis(1), "1"),
        (Duration::from_secs(1), "1"),
        (Duration::from_millis(1001), "2"),
        (Duration::from_secs(120), "120"),
    ] {
        let handler = async move || -> Result<String, Error> {
            Err(Error::unavailable("the store is out of reach").with_retry_after(delay))
        };
        let app = Router::new().route("/", get(handler)).layer(layer(&issuer));
        let response = send(&app, with_token(&issuer.token().audience(API).mint())).await;
        assert_eq!(response.status, 503, "{delay:?}");
        assert_eq!(response.headers["retry-after"], seconds, "{delay:?}");
        assert_eq!(response.challenge(), None);
    }
}

#[tokio::test]
async fn error_sources_are_not_sent_to_the_client() {
    let issuer = issuer();
    let handler = async || -> Result<String, Error> {
        Err(Error::access_denied().with_source("tenant 4711 is not paid for"))
    };
    let app = Router::new().route("/", get(handler)).layer(layer(&issuer));
    let response = send(&app, with_token(&issuer.token().audience(API).mint())).await;
    assert_eq!(response.status, 403);
    assert!(!response.body.contains("4711") && !format!("{:?}", response.headers).contains("4711"));
    let source = std::error::Error::source(response.error.as_ref().unwrap()).unwrap();
    assert_eq!(source.to_string(), "tenant 4711 is not paid for");
}

#[tokio::test]
async fn an_unreachable_issuer_is_503_with_retry_after() {
    for fault in [
        Fault::Unreachable,
        Fault::Html,
        Fault::Garbage,
        Fault::Huge,
        Fault::Redirect,
        Fault::Status(404),
        Fault::Status(500),
    ] {
        let issuer = issuer();
        issuer.fail(fault);
        let app = protected(&issuer);
        let token = issuer.token().audience(API).mint();
        for case in ["the request that fetches", "a request during the backoff"] {
            let response = send(&app, with_token(&token)).await;
            assert_eq!(response.status, 503, "{fault:?}, {case}");
            assert_eq!(response.headers["retry-after"], "1", "{fault:?}, {case}");
            assert_eq!(response.challenge(), None, "{fault:?}, {case}");
            assert_eq!(response.kind(), Some(ErrorKind::Unavailable), "{fault:?}, {case}");
            let body = response.json();
            assert_eq!(body["message"], "Authentication temporarily unavailable.");
            assert_eq!(body["statusFamily"], "SERVER_ERROR");
            assert!(body.get("error").is_none());
            assert!(!response.body.contains("issuer.test"), "{}", response.body);
        }
    }
}
