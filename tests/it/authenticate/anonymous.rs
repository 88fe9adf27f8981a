//! Requests without credentials, where they are let through.

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{AuthenticateLayer, ErrorKind, Identity, testing::TestIssuer};
use serde_json::json;

use crate::support::{API, send, whoami, with_authorization, with_token};

fn layer(issuer: &TestIssuer) -> AuthenticateLayer {
    AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap()).allow_anonymous()
}

#[tokio::test]
async fn a_request_without_credentials_passes_without_an_identity() {
    let app = whoami().layer(layer(&TestIssuer::new()));
    assert_eq!(send(&app, Request::new(Body::empty())).await.body, "anonymous");
}

#[tokio::test]
async fn a_scheme_that_is_not_known_passes_as_anonymous() {
    let app = whoami().layer(layer(&TestIssuer::new()));
    for line in ["Basic dXNlcjpwYXNz", "token abc", "Negotiate", "Digest a=\"b\", c=\"d\"", ""] {
        let answer = send(&app, with_authorization(line)).await;
        assert_eq!(answer.body, "anonymous", "{line}");
    }
}

#[tokio::test]
async fn bad_credentials_are_rejected_all_the_same() {
    let issuer = TestIssuer::new();
    let app = whoami().layer(layer(&issuer));
    let expired = issuer.token().audience(API).claim("exp", json!(1)).mint();
    let good = issuer.token().audience(API).mint();
    for (line, status) in [
        (format!("Bearer {expired}"), 401),
        ("Bearer abc".to_owned(), 401),
        ("Bearer".to_owned(), 400),
        ("Bearer a,b".to_owned(), 400),
        (format!("Bearer {}", "a".repeat(20_000)), 400),
        (format!("Basic dXNlcjpwYXNz, Bearer {good}"), 400),
    ] {
        let answer = send(&app, with_authorization(&line)).await;
        assert_eq!(answer.status.as_u16(), status, "{line}");
    }
    let mut twice = with_token(&good);
    twice.headers_mut().append("authorization", "Basic dXNlcjpwYXNz".parse().unwrap());
    assert_eq!(send(&app, twice).await.status, 400);
}

#[tokio::test]
async fn a_good_token_has_its_identity() {
    let issuer = TestIssuer::new();
    let app = whoami().layer(layer(&issuer));
    assert_eq!(send(&app, with_token(&issuer.token().audience(API).mint())).await.body, "alice");
}

#[tokio::test]
async fn who_needs_an_identity_still_rejects_the_anonymous() {
    let issuer = TestIssuer::new();
    let app = Router::new()
        .route("/", get(async |_: Option<Identity>| "public"))
        .route("/me", get(async |_: Identity| "mine"))
        .layer(layer(&issuer));
    let answer = send(&app, Request::get("/").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.body, "public");
    let answer = send(&app, Request::get("/me").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.challenge()), (401, Some("Bearer")));
    assert_eq!(answer.kind(), Some(ErrorKind::MissingCredentials));
}

#[tokio::test]
async fn the_anonymous_ask_nothing_of_the_issuer() {
    let issuer = TestIssuer::new();
    let app = whoami().layer(layer(&issuer));
    send(&app, Request::new(Body::empty())).await;
    send(&app, with_authorization("Basic dXNlcjpwYXNz")).await;
    assert_eq!(issuer.requests_to("/jwks"), 0);
}
