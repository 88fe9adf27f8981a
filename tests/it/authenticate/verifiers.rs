//! Custom verifiers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use http::Request;
use portcullis::{
    AuthenticateLayer, BearerToken, Error, ErrorKind, Identity, Verification, Verify,
    error::TokenFault, testing::TestIssuer,
};
use serde_json::json;

use crate::support::{API, send, whoami, with_token};

/// Looks tokens up in an asynchronous store.
#[derive(Debug, Default)]
struct Store {
    calls: AtomicUsize,
}

impl Verify<BearerToken<'_>> for Store {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let token = token.into_owned();
        Verification::pending(async move {
            tokio::task::yield_now().await;
            match token.as_str() {
                "alice-1" => Ok(Identity::assertion().subject("alice").build()),
                "down" => Err(Error::unavailable("no response from the store")),
                _ => Err(TokenFault::Revoked.into()),
            }
        })
    }
}

#[tokio::test]
async fn a_verifier_may_be_asynchronous() {
    let store = Arc::new(Store::default());
    let app = whoami().layer(AuthenticateLayer::bearer(Arc::clone(&store)));
    assert_eq!(send(&app, with_token("alice-1")).await.body, "alice");

    let response = send(&app, with_token("bob-1")).await;
    assert_eq!(
        (response.status.as_u16(), response.kind()),
        (401, Some(TokenFault::Revoked.into()))
    );

    let response = send(&app, with_token("down")).await;
    assert_eq!((response.status.as_u16(), response.kind()), (503, Some(ErrorKind::Unavailable)));
    assert!(!response.headers.contains_key("retry-after"), "no delay is known");
    assert_eq!(store.calls.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_missing_or_malformed_token_does_not_reach_the_verifier() {
    let store = Arc::new(Store::default());
    let app = whoami().layer(AuthenticateLayer::bearer(Arc::clone(&store)).allow_anonymous());
    send(&app, Request::new(Body::empty())).await;
    for token in ["", "a b", "a,b", &"a".repeat(20_000)] {
        assert_eq!(send(&app, with_token(token)).await.status, 400);
    }
    assert_eq!(store.calls.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_rejected_request_does_not_reach_the_handler() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let handler = async move || counter.fetch_add(1, Ordering::Relaxed).to_string();
    let app = axum::Router::new()
        .route("/", axum::routing::get(handler))
        .layer(AuthenticateLayer::bearer(Store::default()));
    for request in [with_token("bob-1"), with_token("down"), Request::new(Body::empty())] {
        send(&app, request).await;
    }
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    send(&app, with_token("alice-1")).await;
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_verifier_may_wrap_another() {
    /// Accepts the token `dev`, and delegates all others to another verifier.
    struct OrDeveloper<V>(V);
    impl<V: for<'a> Verify<BearerToken<'a>>> Verify<BearerToken<'_>> for OrDeveloper<V> {
        fn verify(&self, token: BearerToken<'_>) -> Verification {
            match token.as_str() {
                "dev" => Verification::ready(Ok(Identity::assertion().subject("dev").build())),
                _ => self.0.verify(token),
            }
        }
    }
    let issuer = TestIssuer::new();
    let verifier = OrDeveloper(issuer.verifier().audience(API).build().unwrap());
    let app = whoami().layer(AuthenticateLayer::bearer(verifier));
    assert_eq!(send(&app, with_token("dev")).await.body, "dev");
    assert_eq!(send(&app, with_token(&issuer.token().audience(API).mint())).await.body, "alice");
    assert_eq!(send(&app, with_token("abc")).await.status, 401);
}

#[tokio::test]
async fn a_check_runs_after_the_signature_and_chooses_the_error() {
    let issuer = TestIssuer::new();
    let checked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&checked);
    let verifier = issuer
        .verifier()
        .audience(API)
        .check(move |identity| {
            counter.fetch_add(1, Ordering::Relaxed);
            match identity.client_id() {
                Some("retired-app") => Err(TokenFault::Rejected.into()),
                _ => Ok(()),
            }
        })
        .check(|identity| match identity.subject() {
            Some("mallory") => Err(Error::access_denied()),
            _ => Ok(()),
        })
        .build()
        .unwrap();
    let app = whoami().layer(AuthenticateLayer::bearer(verifier));
    let token = || issuer.token().audience(API);

    assert_eq!(send(&app, with_token(&token().mint())).await.body, "alice");
    let retired = token().claim("client_id", json!("retired-app")).mint();
    let response = send(&app, with_token(&retired)).await;
    assert_eq!(
        (response.status.as_u16(), response.kind()),
        (401, Some(TokenFault::Rejected.into()))
    );
    let response = send(&app, with_token(&token().subject("mallory").mint())).await;
    assert_eq!((response.status.as_u16(), response.kind()), (403, Some(ErrorKind::AccessDenied)));
    assert_eq!(checked.load(Ordering::Relaxed), 3);

    let forged = crate::support::jws::with_signature(&token().mint(), [1; 64]);
    assert_eq!(send(&app, with_token(&forged)).await.status, 401);
    assert_eq!(checked.load(Ordering::Relaxed), 3, "checks don't run for an unverified token");
}
