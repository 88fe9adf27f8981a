//! `BearerToken` as an extractor, which needs no layer.

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{BearerToken, testing::TestIssuer};

use crate::support::{API, protected, send, with_authorization, with_token};

fn needs() -> Router {
    Router::new().route("/", get(async |token: BearerToken<'static>| token.as_str().to_owned()))
}

fn may_have() -> Router {
    let handler = async |token: Option<BearerToken<'static>>| match token {
        Some(token) => token.as_str().to_owned(),
        None => "none".to_owned(),
    };
    Router::new().route("/", get(handler))
}

#[tokio::test]
async fn a_token_is_extracted_unverified() {
    for app in [needs(), may_have()] {
        assert_eq!(send(&app, with_token("mF_9.B5f-4.1JqM")).await.body, "mF_9.B5f-4.1JqM");
        assert_eq!(send(&app, with_authorization("bEARER   a==")).await.body, "a==");
    }
}

#[tokio::test]
async fn without_one_it_is_401_or_none() {
    for line in [None, Some(""), Some("Basic dXNlcjpwYXNz")] {
        let request = || match line {
            Some(line) => with_authorization(line),
            None => Request::new(Body::empty()),
        };
        let answer = send(&needs(), request()).await;
        assert_eq!((answer.status.as_u16(), answer.challenge()), (401, Some("Bearer")), "{line:?}");
        assert_eq!(answer.body, r#"{"error_description":"Authentication required."}"#);
        assert_eq!(send(&may_have(), request()).await.body, "none", "{line:?}");
    }
}

#[tokio::test]
async fn a_malformed_one_is_400_for_both() {
    for app in [needs(), may_have()] {
        for line in ["Bearer", "Bearer a b", "Bearer a, Bearer b", "Basic a, Bearer b"] {
            let answer = send(&app, with_authorization(line)).await;
            assert_eq!(answer.status, 400, "{line}");
            assert_eq!(answer.json()["error"], "invalid_request", "{line}");
        }
        let mut twice = with_token("a");
        twice.headers_mut().append("authorization", "Bearer a".parse().unwrap());
        let answer = send(&app, twice).await;
        assert_eq!(
            (answer.status.as_u16(), answer.challenge()),
            (
                400,
                Some(
                    r#"Bearer error="invalid_request", error_description="More than one set of credentials.""#
                )
            )
        );
    }
}

#[tokio::test]
async fn behind_a_layer_it_is_the_token_that_was_verified() {
    let issuer = TestIssuer::new();
    let handler = async |token: BearerToken<'static>| token.as_str().to_owned();
    let app = protected(&issuer).route("/forward", get(handler));
    let token = issuer.token().audience(API).mint();
    let mut request = with_token(&token);
    *request.uri_mut() = "/forward".parse().unwrap();
    assert_eq!(send(&app, request).await.body, token);
}
