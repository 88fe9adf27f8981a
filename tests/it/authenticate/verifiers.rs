//! Verifiers of the service's own.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use http::Request;
use portcullis::{
    AuthenticateLayer, BearerToken, Error, ErrorKind, Identity, TokenFault, Verification, Verify,
    testing::TestIssuer,
};
use serde_json::json;

use crate::support::{API, send, whoami, with_token};

/// Looks tokens up in a store that takes its time.
#[derive(Debug, Default)]
struct Store {
    asked: AtomicUsize,
}

impl Verify<BearerToken<'_>> for Store {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let token = token.into_owned();
        Verification::pending(async move {
            tokio::task::yield_now().await;
            match token.as_str() {
                "alice-1" => Ok(Identity::assertion().subject("alice").build()),
                "down" => Err(Error::unavailable("no answer from the store")),
                _ => Err(TokenFault::Revoked.into()),
            }
        })
    }
}

#[tokio::test]
async fn a_verifier_may_take_its_time() {
    let store = Arc::new(Store::default());
    let app = whoami().layer(AuthenticateLayer::bearer(Arc::clone(&store)));
    assert_eq!(send(&app, with_token("alice-1")).await.body, "alice");

    let answer = send(&app, with_token("bob-1")).await;
    assert_eq!((answer.status.as_u16(), answer.kind()), (401, Some(TokenFault::Revoked.into())));

    let answer = send(&app, with_token("down")).await;
    assert_eq!((answer.status.as_u16(), answer.kind()), (503, Some(ErrorKind::Unavailable)));
    assert!(!answer.headers.contains_key("retry-after"), "nobody said when");
    assert_eq!(store.asked.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_request_without_a_readable_token_does_not_reach_the_verifier() {
    let store = Arc::new(Store::default());
    let app = whoami().layer(AuthenticateLayer::bearer(Arc::clone(&store)).allow_anonymous());
    send(&app, Request::new(Body::empty())).await;
    for token in ["", "a b", "a,b", &"a".repeat(20_000)] {
        assert_eq!(send(&app, with_token(token)).await.status, 400);
    }
    assert_eq!(store.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_request_that_is_rejected_does_not_reach_the_handler() {
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
    /// Takes `dev` for someone, and asks another verifier about the rest.
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
async fn a_check_closure_rejects_after_the_signature_with_the_error_it_gives() {
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
    let answer = send(&app, with_token(&retired)).await;
    assert_eq!((answer.status.as_u16(), answer.kind()), (401, Some(TokenFault::Rejected.into())));
    let answer = send(&app, with_token(&token().subject("mallory").mint())).await;
    assert_eq!((answer.status.as_u16(), answer.kind()), (403, Some(ErrorKind::AccessDenied)));
    assert_eq!(checked.load(Ordering::Relaxed), 3);

    let forged = crate::support::jws::with_signature(&token().mint(), [1; 64]);
    assert_eq!(send(&app, with_token(&forged)).await.status, 401);
    assert_eq!(checked.load(Ordering::Relaxed), 3, "an unverified token is not checked");
}
