//! Tokens with characters that RFC 6750 doesn't allow.

use axum::{Router, body::Body};
use http::{
    HeaderName, HeaderValue, Request,
    header::{AUTHORIZATION, COOKIE},
};
use portcullis::{
    AuthenticateLayer, BearerToken, ErrorKind, Identity, Verification, Verify,
    credentials::{RequestHead, TokenHeader},
    error::RequestFault,
};

use crate::support::{TestResponse, send, whoami};

/// Accepts each token, and names it as the subject.
struct Echo;

impl Verify<BearerToken<'_>> for Echo {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        Verification::ready(Ok(Identity::assertion().subject(token.as_str()).build()))
    }
}

const X_TOKEN: HeaderName = HeaderName::from_static("x-token");
const X_BARE: HeaderName = HeaderName::from_static("x-bare");
const X_CUSTOM: HeaderName = HeaderName::from_static("x-custom");

fn layer() -> AuthenticateLayer {
    AuthenticateLayer::bearer(Echo)
        .header(X_TOKEN)
        .header(TokenHeader::new(X_BARE).bare())
        .cookie("token")
        .query_parameter()
        .source(|request: &RequestHead<'_>| {
            let value = request.headers().get(X_CUSTOM).map(HeaderValue::as_bytes);
            Ok(value.map(|value| String::from_utf8_lossy(value).into_owned()))
        })
}

async fn header(layer: AuthenticateLayer, name: HeaderName, value: &[u8]) -> TestResponse {
    let app: Router = whoami().layer(layer);
    let request = Request::get("/").header(name, HeaderValue::from_bytes(value).unwrap());
    send(&app, request.body(Body::empty()).unwrap()).await
}

fn malformed() -> Option<ErrorKind> {
    Some(RequestFault::Malformed.into())
}

#[tokio::test]
async fn they_are_400_by_default() {
    for token in ["1|abc", "token-abc:xyz", "a,b", "{a}", "a;b"] {
        let line = format!("Bearer {token}");
        let response = header(layer(), AUTHORIZATION, line.as_bytes()).await;
        assert_eq!(response.status, 400, "{token}");
        let response = header(layer(), X_CUSTOM, token.as_bytes()).await;
        assert_eq!((response.status.as_u16(), response.kind()), (400, malformed()), "{token}");
    }
}

#[tokio::test]
async fn they_are_accepted_in_headers_and_custom_sources_if_enabled() {
    for token in
        ["1|abc", "token-abc:xyz", "a,b", "a,b=c", "a=b", "{a}", "a;b%2B", "mF_9.B5f-4.1JqM=="]
    {
        let line = format!("Bearer {token}");
        for (name, value) in [(AUTHORIZATION, &*line), (X_TOKEN, &line), (X_CUSTOM, token)] {
            let response = header(layer().lenient_token_characters(), name, value.as_bytes()).await;
            assert_eq!((response.status.as_u16(), &*response.body), (200, token), "{value}");
        }
    }
}

#[tokio::test]
async fn quotes_spaces_controls_and_other_bytes_are_still_rejected() {
    for token in [
        &b"a\"b"[..],
        b"a'b",
        b"a`b",
        b"a\\b",
        b"a b",
        b"a\tb",
        b"a\x80b",
        b"a\xffb",
        "\u{e4}".as_bytes(),
        b"",
    ] {
        let line = [b"Bearer ", token].concat();
        let response = header(layer().lenient_token_characters(), AUTHORIZATION, &line).await;
        assert_eq!((response.status.as_u16(), response.kind()), (400, malformed()), "{token:?}");
    }
    for token in [&b"a\"b"[..], b"a b", b"a\xffb"] {
        let response = header(layer().lenient_token_characters(), X_CUSTOM, token).await;
        assert_eq!((response.status.as_u16(), response.kind()), (400, malformed()), "{token:?}");
    }
}

#[tokio::test]
async fn two_credentials_in_one_line_are_still_rejected() {
    for line in [
        "Bearer a, Bearer b",
        "Bearer a,Bearer b",
        "Bearer 1|a, Bearer 2|b",
        "Basic YQ==, Bearer b",
    ] {
        let response =
            header(layer().lenient_token_characters(), AUTHORIZATION, line.as_bytes()).await;
        let expected = match line.starts_with("Basic") {
            // A scheme that this layer doesn't know.
            true => ErrorKind::InvalidRequest(RequestFault::Repeated),
            false => RequestFault::Repeated.into(),
        };
        assert_eq!((response.status.as_u16(), response.kind()), (400, Some(expected)), "{line}");
    }
}

#[tokio::test]
async fn other_places_stay_strict() {
    for (name, value) in [(X_BARE, "1|abc"), (COOKIE, "token=1|abc")] {
        let response = header(layer().lenient_token_characters(), name, value.as_bytes()).await;
        assert_eq!((response.status.as_u16(), response.kind()), (400, malformed()), "{value}");
    }
    let app: Router = whoami().layer(layer().lenient_token_characters());
    let request = Request::get("/?access_token=1%7Cabc").body(Body::empty()).unwrap();
    assert_eq!(send(&app, request).await.status, 400);
}
