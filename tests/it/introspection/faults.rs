//! Failures of the endpoint, which say nothing about the token.

use std::time::Duration;

use axum::Router;
use portcullis::{
    AuthenticateLayer, ErrorKind,
    error::TokenFault,
    testing::{Fault, TestIssuer},
    verify::RevocationChecked,
};

use super::{builder_for, endpoint::Endpoint, start, verify, verify_subject};
use crate::support::{API, send, whoami, with_token};

const FAULTS: [(Fault, ErrorKind); 12] = [
    (Fault::Status(401), ErrorKind::Misconfigured),
    (Fault::Status(403), ErrorKind::Misconfigured),
    (Fault::Status(204), ErrorKind::Unavailable),
    (Fault::Status(400), ErrorKind::Unavailable),
    (Fault::Status(404), ErrorKind::Unavailable),
    (Fault::Status(429), ErrorKind::Unavailable),
    (Fault::Status(500), ErrorKind::Unavailable),
    (Fault::Html, ErrorKind::Unavailable),
    (Fault::Garbage, ErrorKind::Unavailable),
    (Fault::Huge, ErrorKind::Unavailable),
    (Fault::Redirect, ErrorKind::Unavailable),
    (Fault::Unreachable, ErrorKind::Unavailable),
];

// Verifies rfc7662-2.3-errors.
#[tokio::test]
async fn a_failure_is_a_5xx_and_is_never_cached() {
    for (fault, kind) in FAULTS {
        let issuer = TestIssuer::new();
        let verifier = issuer.introspection().audience(API).build().unwrap();
        let token = issuer.token().audience(API).mint_opaque();
        issuer.fail(fault);
        for requests in 1..=3 {
            let error = verify(&verifier, &token).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{fault:?}");
            let retry_after = kind == ErrorKind::Unavailable;
            assert_eq!(error.retry_after().is_some(), retry_after, "{fault:?}");
            assert_eq!(issuer.requests_to("/introspect"), requests, "{fault:?}");
        }
        issuer.recover();
        assert_eq!(verify_subject(&verifier, &token).await, Ok("alice".to_owned()), "{fault:?}");
    }
}

#[tokio::test]
async fn a_cached_response_is_used_during_failures_until_it_expires() {
    for (fault, kind) in FAULTS {
        let issuer = TestIssuer::new();
        let verifier = issuer.introspection().audience(API).build().unwrap();
        let token = issuer.token().audience(API).mint_opaque();
        verify(&verifier, &token).await.unwrap();
        issuer.fail(fault);
        issuer.clock().advance(Duration::from_secs(59));
        assert!(verify(&verifier, &token).await.is_ok(), "{fault:?}");
        issuer.clock().advance(Duration::from_secs(1));
        assert_eq!(verify_subject(&verifier, &token).await, Err(kind), "{fault:?}");
    }
}

#[tokio::test]
async fn a_cached_rejection_is_used_during_failures_until_it_expires() {
    for (fault, kind) in FAULTS {
        let issuer = TestIssuer::new();
        let verifier = issuer.introspection().audience(API).build().unwrap();
        let inactive = Err(TokenFault::Inactive.into());
        assert_eq!(verify_subject(&verifier, "unknown").await, inactive, "{fault:?}");
        issuer.fail(fault);
        issuer.clock().advance(Duration::from_secs(4));
        assert_eq!(verify_subject(&verifier, "unknown").await, inactive, "{fault:?}");
        issuer.clock().advance(Duration::from_secs(1));
        assert_eq!(verify_subject(&verifier, "unknown").await, Err(kind), "{fault:?}");
    }
}

/// This also applies to signed responses, and to JWTs that are checked for revocation.
#[tokio::test(start_paused = true)]
async fn clients_get_a_5xx_without_the_cause_of_the_failure() {
    for (fault, kind) in FAULTS.into_iter().chain([(Fault::Hang, ErrorKind::Unavailable)]) {
        let issuer = TestIssuer::new();
        let verifier =
            || issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build().unwrap();
        let plain = issuer.introspection().audience(API);
        let signed = issuer.introspection().audience(API).signed_responses(verifier());
        let revocation = issuer.introspection().audience(API).build().unwrap();
        let apps: [Router; 3] = [
            whoami().layer(AuthenticateLayer::bearer(plain.build().unwrap())),
            whoami().layer(AuthenticateLayer::bearer(signed.build().unwrap())),
            whoami()
                .layer(AuthenticateLayer::bearer(RevocationChecked::new(verifier(), revocation))),
        ];
        let token = issuer.token().audience(API).mint();
        for app in apps {
            issuer.fail(fault);
            let response = send(&app, with_token(&token)).await;
            assert_eq!(
                (response.status, response.kind()),
                (kind.status(), Some(kind)),
                "{fault:?}"
            );
            assert_eq!(response.challenge(), None, "{fault:?}");
            let has_retry_after = response.headers.contains_key("retry-after");
            assert_eq!(has_retry_after, kind == ErrorKind::Unavailable, "{fault:?}");
            assert_eq!(response.json()["message"], kind.description(), "{fault:?}");
            assert!(!response.body.contains("introspect"), "{fault:?}: {}", response.body);
            issuer.recover();
            assert_eq!(send(&app, with_token(&token)).await.body, "alice", "{fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_hangs_times_out_after_five_seconds() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let token = issuer.token().audience(API).mint_opaque();
    issuer.fail(Fault::Hang);
    let started = tokio::time::Instant::now();
    assert_eq!(verify_subject(&verifier, &token).await, Err(ErrorKind::Unavailable));
    assert_eq!(started.elapsed().as_secs(), 5);
    issuer.recover();
    assert_eq!(verify_subject(&verifier, &token).await, Ok("alice".to_owned()));
}

#[cfg(feature = "http-body")]
#[tokio::test(start_paused = true)]
async fn an_endpoint_that_trickles_times_out_after_five_seconds() {
    use std::{
        convert::Infallible,
        pin::Pin,
        task::{Context, Poll, ready},
    };

    use bytes::Bytes;
    use http_body::{Body, Frame};
    use portcullis::{IntrospectionVerifier, http_client::ServiceClient};
    use tokio::time::{Instant, Sleep, sleep};

    const SECOND: Duration = Duration::from_secs(1);

    struct Drip(Pin<Box<Sleep>>);

    impl Body for Drip {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            ready!(self.0.as_mut().poll(cx));
            self.0.as_mut().reset(Instant::now() + SECOND);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b" ")))))
        }
    }

    let drips = tower::service_fn(async |_| {
        Ok::<_, Infallible>(http::Response::new(Drip(Box::pin(sleep(SECOND)))))
    });
    let verifier = IntrospectionVerifier::builder(super::INTROSPECT)
        .client_secret_basic("orders-api", "s3cret")
        .without_audience()
        .http_client(ServiceClient::new(drips))
        .build()
        .unwrap();
    let started = Instant::now();
    assert_eq!(verify_subject(&verifier, "t").await, Err(ErrorKind::Unavailable));
    assert_eq!(started.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn a_panic_in_the_client_does_not_affect_later_requests() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let panics = AtomicBool::new(true);
    let endpoint = Endpoint::new(move |_| {
        assert!(!panics.swap(false, Ordering::Relaxed), "a bug in the client");
        (200, r#"{"active":true,"sub":"alice"}"#.to_owned())
    });
    let verifier = builder_for(&endpoint).without_audience().max_concurrent(1).build().unwrap();
    assert_eq!(verify_subject(&verifier, "t").await, Err(ErrorKind::Unavailable));
    assert_eq!(verify_subject(&verifier, "t").await, Ok("alice".to_owned()));
}

#[tokio::test]
async fn without_a_queue_requests_beyond_the_limit_are_rejected() {
    let endpoint = Endpoint::active().held();
    let verifier = builder_for(&endpoint).without_audience().max_concurrent(3);
    let verifier = verifier.queue_timeout(Duration::ZERO).build().unwrap();
    let (one, two) = (start(&verifier, "one"), start(&verifier, "two"));
    let three = start(&verifier, "three");
    assert!(super::is_ready(&three));
    let error = three.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    // A request that shares an introspection is let through.
    let one_more = start(&verifier, "one");
    endpoint.release(3);
    assert!(one.wait().await.is_ok() && two.wait().await.is_ok());
    assert!(one_more.wait().await.is_ok());
    assert_eq!(verify_subject(&verifier, "three").await, Ok("three".to_owned()));
    assert_eq!(endpoint.requests(), 3);
}

#[test]
fn without_a_runtime_an_introspection_is_misconfigured() {
    let endpoint = Endpoint::active();
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    let outcome = start(&verifier, "t");
    assert!(format!("{outcome:?}").contains("Misconfigured"), "{outcome:?}");
}

#[test]
fn an_introspection_whose_runtime_is_dropped_is_retried() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let endpoint = Endpoint::active().held();
    let verifier = builder_for(&endpoint).without_audience().max_concurrent(1).build().unwrap();
    let first = runtime();
    let waiting = first.block_on(async {
        let waiting = start(&verifier, "alice");
        endpoint.received(1).await;
        waiting
    });
    drop(first);
    let error = runtime().block_on(waiting.wait()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    endpoint.release(1);
    assert_eq!(runtime().block_on(verify_subject(&verifier, "alice")), Ok("alice".to_owned()));
}

#[test]
fn waiting_for_an_introspection_on_a_stopped_runtime_times_out() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let endpoint = Endpoint::active();
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    let stopped = runtime();
    let lost = stopped.block_on(async { start(&verifier, "alice") });
    runtime().block_on(async {
        let error = lost.wait().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    });
    drop(stopped);
    assert_eq!(runtime().block_on(verify_subject(&verifier, "alice")), Ok("alice".to_owned()));
}
