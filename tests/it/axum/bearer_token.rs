//! `BearerToken` as an extractor, with and without a layer.

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{BearerToken, testing::TestIssuer};

use crate::support::{API, protected, send, with_authorization, with_token};

fn required() -> Router {
    Router::new().route("/", get(async |token: BearerToken<'static>| token.as_str().to_owned()))
}

fn optional() -> Router {
    let handler = async |token: Option<BearerToken<'static>>| match token {
        Some(token) => token.as_str().to_owned(),
        None => "none".to_owned(),
    };
    Router::new().route("/", get(handler))
}

#[tokio::test]
async fn a_token_is_extracted_unverified() {
    for app in [required(), optional()] {
        assert_eq!(send(&app, with_token("mF_9.B5f-4.1JqM")).await.body, "mF_9.B5f-4.1JqM");
        assert_eq!(send(&app, with_authorization("bEARER   a==")).await.body, "a==");
    }
}

#[tokio::test]
async fn a_missing_token_is_401_or_none() {
    for line in [None, Some(""), Some("Basic dXNlcjpwYXNz")] {
        let request = || match line {
            Some(line) => with_authorization(line),
            None => Request::new(Body::empty()),
        };
        let response = send(&required(), request()).await;
        assert_eq!(
            (response.status.as_u16(), response.challenge()),
            (401, Some(r#"Bearer realm="restricted""#)),
            "{line:?}"
        );
        assert_eq!(response.body, r#"{"error_description":"Authentication required."}"#);
        assert_eq!(send(&optional(), request()).await.body, "none", "{line:?}");
    }
}

#[tokio::test]
async fn a_malformed_token_is_400_even_if_it_is_optional() {
    for app in [required(), optional()] {
        for line in ["Bearer", "Bearer a b", "Bearer a, Bearer b", "Basic a, Bearer b"] {
            let response = send(&app, with_authorization(line)).await;
            assert_eq!(response.status, 400, "{line}");
            assert_eq!(response.json()["error"], "invalid_request", "{line}");
        }
        let mut twice = with_token("a");
        twice.headers_mut().append("authorization", "Bearer a".parse().unwrap());
        let response = send(&app, twice).await;
        assert_eq!(
            (response.status.as_u16(), response.challenge()),
            (
                400,
                Some(
                    r#"Bearer realm="restricted", error="invalid_request", error_description="More than one set of credentials.""#
                )
            )
        );
    }
}

#[tokio::test]
async fn behind_a_layer_it_extracts_the_verified_token() {
    let issuer = TestIssuer::new();
    let handler = async |token: BearerToken<'static>| token.as_str().to_owned();
    let app = protected(&issuer).route("/forward", get(handler));
    let token = issuer.token().audience(API).mint();
    let mut request = with_token(&token);
    *request.uri_mut() = "/forward".parse().unwrap();
    assert_eq!(send(&app, request).await.body, token);
}
