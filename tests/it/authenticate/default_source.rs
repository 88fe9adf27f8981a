//! By default, the layer reads tokens from the `Authorization` header only, up to a maximum length.

use axum::body::Body;
use http::Request;
use portcullis::{
    AuthenticateLayer, BearerToken, Identity, Verification, Verify, testing::TestIssuer,
};

use crate::support::{API, protected, send, whoami, with_token};

// Verifies rfc9700-4.3.2-query.
#[tokio::test]
async fn a_token_in_the_query_is_an_ordinary_parameter_by_default() {
    let issuer = TestIssuer::new();
    let app = protected(&issuer);
    let token = issuer.token().audience(API).mint();
    let uri = format!("/?access_token={token}");
    let alone = Request::get(&uri).body(Body::empty()).unwrap();
    let response = send(&app, alone).await;
    assert_eq!(
        (response.status.as_u16(), response.challenge()),
        (401, Some(r#"Bearer realm="restricted""#))
    );

    for query in [format!("access_token={token}"), "access_token=x&access_token=y".to_owned()] {
        let mut beside = with_token(&token);
        *beside.uri_mut() = format!("/?{query}").parse().unwrap();
        assert_eq!(send(&app, beside).await.body, "alice", "{query}");
    }
}

#[tokio::test]
async fn a_token_in_a_form_another_header_or_a_cookie_is_ignored() {
    let issuer = TestIssuer::new();
    let app = protected(&issuer);
    let token = issuer.token().audience(API).mint();
    let form = Request::get("/").header("content-type", "application/x-www-form-urlencoded");
    let form = form.body(Body::from(format!("access_token={token}"))).unwrap();
    assert_eq!(send(&app, form).await.status, 401);
    for name in ["authentication", "proxy-authorization", "x-authorization", "cookie"] {
        let request = Request::get("/").header(name, format!("Bearer {token}"));
        let response = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status, 401, "{name}");
    }
}

/// Accepts every token. The subject is the token's length.
struct LengthVerifier;

impl Verify<BearerToken<'_>> for LengthVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let length = token.as_str().len();
        Verification::ready(Ok(Identity::assertion().subject(length.to_string()).build()))
    }
}

#[tokio::test]
async fn a_token_longer_than_the_maximum_is_400() {
    let layer = AuthenticateLayer::bearer(LengthVerifier);
    for (layer, max) in [
        (layer.clone(), 16 * 1024),
        (layer.clone().max_token_length(1), 1),
        (layer.clone().max_token_length(100), 100),
        (layer.max_token_length(1 << 20), 1 << 20),
    ] {
        let app = whoami().layer(layer);
        let response = send(&app, with_token(&"a".repeat(max))).await;
        assert_eq!(response.body, max.to_string());
        let response = send(&app, with_token(&"a".repeat(max + 1))).await;
        assert_eq!(response.status, 400, "{max}");
        assert_eq!(response.json()["message"], "Access token too long.");
    }
}

#[tokio::test]
async fn the_maximum_applies_to_the_token_and_not_to_the_header() {
    let app = whoami().layer(AuthenticateLayer::bearer(LengthVerifier).max_token_length(3));
    let request = with_token(&format!("{}abc", " ".repeat(1000)));
    assert_eq!(send(&app, request).await.body, "3");
}
