//! Where the layer looks for a token, how long a token may be, and what it says of itself.

use axum::body::Body;
use http::Request;
use portcullis::{
    AuthenticateLayer, BearerToken, Identity, Verification, Verify, testing::TestIssuer,
};

use crate::support::{API, protected, send, whoami, with_token};

#[tokio::test]
async fn a_token_in_the_query_is_just_a_parameter() {
    let issuer = TestIssuer::new();
    let app = protected(&issuer);
    let token = issuer.token().audience(API).mint();
    let uri = format!("/?access_token={token}");
    let alone = Request::get(&uri).body(Body::empty()).unwrap();
    let answer = send(&app, alone).await;
    assert_eq!((answer.status.as_u16(), answer.challenge()), (401, Some("Bearer")));

    for query in [format!("access_token={token}"), "access_token=x&access_token=y".to_owned()] {
        let mut beside = with_token(&token);
        *beside.uri_mut() = format!("/?{query}").parse().unwrap();
        assert_eq!(send(&app, beside).await.body, "alice", "{query}");
    }
}

#[tokio::test]
async fn a_token_in_a_form_or_another_header_or_a_cookie_is_not_looked_at() {
    let issuer = TestIssuer::new();
    let app = protected(&issuer);
    let token = issuer.token().audience(API).mint();
    let form = Request::get("/").header("content-type", "application/x-www-form-urlencoded");
    let form = form.body(Body::from(format!("access_token={token}"))).unwrap();
    assert_eq!(send(&app, form).await.status, 401);
    for name in ["authentication", "proxy-authorization", "x-authorization", "cookie"] {
        let request = Request::get("/").header(name, format!("Bearer {token}"));
        let answer = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 401, "{name}");
    }
}

/// Accepts every token, and says how long it is.
struct Measures;

impl Verify<BearerToken<'_>> for Measures {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let length = token.as_str().len();
        Verification::ready(Ok(Identity::assertion().subject(length.to_string()).build()))
    }
}

#[tokio::test]
async fn a_token_may_be_as_long_as_the_layer_allows_and_no_longer() {
    let layer = AuthenticateLayer::bearer(Measures);
    for (layer, max) in [
        (layer.clone(), 16 * 1024),
        (layer.clone().max_token_length(1), 1),
        (layer.clone().max_token_length(100), 100),
        (layer.max_token_length(1 << 20), 1 << 20),
    ] {
        let app = whoami().layer(layer);
        let answer = send(&app, with_token(&"a".repeat(max))).await;
        assert_eq!(answer.body, max.to_string());
        let answer = send(&app, with_token(&"a".repeat(max + 1))).await;
        assert_eq!(answer.status, 400, "{max}");
        assert_eq!(answer.json()["message"], "Access token too long.");
    }
}

#[tokio::test]
async fn the_length_is_the_token_s_and_not_the_line_s() {
    let app = whoami().layer(AuthenticateLayer::bearer(Measures).max_token_length(3));
    let request = with_token(&format!("{}abc", " ".repeat(1000)));
    assert_eq!(send(&app, request).await.body, "3");
}
