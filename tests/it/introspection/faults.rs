//! An endpoint that fails, and what its failures are not: a verdict about the token.

use std::time::Duration;

use axum::Router;
use portcullis::{
    AuthenticateLayer, ErrorKind, TokenFault,
    testing::{Fault, TestIssuer},
    verify::RevocationChecked,
};

use super::{asking, begin, endpoint::Endpoint, judge, verify};
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

#[tokio::test]
async fn a_fault_is_ours_never_the_callers_and_never_kept() {
    for (fault, kind) in FAULTS {
        let issuer = TestIssuer::new();
        let verifier = issuer.introspection().audience(API).build().unwrap();
        let token = issuer.token().audience(API).mint_opaque();
        issuer.fail(fault);
        for asked in 1..=3 {
            let error = verify(&verifier, &token).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{fault:?}");
            let retry_after = kind == ErrorKind::Unavailable;
            assert_eq!(error.retry_after().is_some(), retry_after, "{fault:?}");
            assert_eq!(issuer.requests_to("/introspect"), asked, "{fault:?}");
        }
        issuer.recover();
        assert_eq!(judge(&verifier, &token).await, Ok("alice".to_owned()), "{fault:?}");
    }
}

#[tokio::test]
async fn a_kept_answer_serves_through_a_fault_and_no_longer_than_its_time() {
    for (fault, kind) in FAULTS {
        let issuer = TestIssuer::new();
        let verifier = issuer.introspection().audience(API).build().unwrap();
        let token = issuer.token().audience(API).mint_opaque();
        verify(&verifier, &token).await.unwrap();
        issuer.fail(fault);
        issuer.clock().advance(Duration::from_secs(59));
        assert!(verify(&verifier, &token).await.is_ok(), "{fault:?}");
        issuer.clock().advance(Duration::from_secs(1));
        assert_eq!(judge(&verifier, &token).await, Err(kind), "{fault:?}");
    }
}

#[tokio::test]
async fn a_kept_rejection_serves_through_a_fault_and_no_longer_than_its_time() {
    for (fault, kind) in FAULTS {
        let issuer = TestIssuer::new();
        let verifier = issuer.introspection().audience(API).build().unwrap();
        let inactive = Err(TokenFault::Inactive.into());
        assert_eq!(judge(&verifier, "made-up").await, inactive, "{fault:?}");
        issuer.fail(fault);
        issuer.clock().advance(Duration::from_secs(4));
        assert_eq!(judge(&verifier, "made-up").await, inactive, "{fault:?}");
        issuer.clock().advance(Duration::from_secs(1));
        assert_eq!(judge(&verifier, "made-up").await, Err(kind), "{fault:?}");
    }
}

/// Whether answers must be signed, and whether the token is only confirmed there, makes no difference.
#[tokio::test(start_paused = true)]
async fn a_caller_sees_a_fault_as_ours_and_nothing_of_what_it_is() {
    for (fault, kind) in FAULTS.into_iter().chain([(Fault::Hang, ErrorKind::Unavailable)]) {
        let issuer = TestIssuer::new();
        let verifier =
            || issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build().unwrap();
        let plain = issuer.introspection().audience(API);
        let signed = issuer.introspection().audience(API).signed_responses(verifier());
        let confirming = issuer.introspection().audience(API).build().unwrap();
        let apps: [Router; 3] = [
            whoami().layer(AuthenticateLayer::bearer(plain.build().unwrap())),
            whoami().layer(AuthenticateLayer::bearer(signed.build().unwrap())),
            whoami()
                .layer(AuthenticateLayer::bearer(RevocationChecked::new(verifier(), confirming))),
        ];
        let token = issuer.token().audience(API).mint();
        for app in apps {
            issuer.fail(fault);
            let answer = send(&app, with_token(&token)).await;
            assert_eq!((answer.status, answer.kind()), (kind.status(), Some(kind)), "{fault:?}");
            assert_eq!(answer.challenge(), None, "{fault:?}");
            let asked_to_come_back = answer.headers.contains_key("retry-after");
            assert_eq!(asked_to_come_back, kind == ErrorKind::Unavailable, "{fault:?}");
            assert_eq!(answer.json()["message"], kind.description(), "{fault:?}");
            assert!(!answer.body.contains("introspect"), "{fault:?}: {}", answer.body);
            issuer.recover();
            assert_eq!(send(&app, with_token(&token)).await.body, "alice", "{fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_hangs_is_given_five_seconds() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let token = issuer.token().audience(API).mint_opaque();
    issuer.fail(Fault::Hang);
    let started = tokio::time::Instant::now();
    assert_eq!(judge(&verifier, &token).await, Err(ErrorKind::Unavailable));
    assert_eq!(started.elapsed().as_secs(), 5);
    issuer.recover();
    assert_eq!(judge(&verifier, &token).await, Ok("alice".to_owned()));
}

#[cfg(feature = "http-body")]
#[tokio::test(start_paused = true)]
async fn an_endpoint_that_drips_is_given_five_seconds() {
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
    assert_eq!(judge(&verifier, "t").await, Err(ErrorKind::Unavailable));
    assert_eq!(started.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn an_endpoint_that_panics_harms_nobody_after() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let panics = AtomicBool::new(true);
    let endpoint = Endpoint::new(move |_| {
        assert!(!panics.swap(false, Ordering::Relaxed), "the client's own fault");
        (200, r#"{"active":true,"sub":"alice"}"#.to_owned())
    });
    let verifier = asking(&endpoint).without_audience().max_concurrent(1).build().unwrap();
    assert_eq!(judge(&verifier, "t").await, Err(ErrorKind::Unavailable));
    assert_eq!(judge(&verifier, "t").await, Ok("alice".to_owned()));
}

#[tokio::test]
async fn past_the_bound_a_request_is_rejected_at_once() {
    let endpoint = Endpoint::naming().closed();
    let verifier = asking(&endpoint).without_audience().max_concurrent(2).build().unwrap();
    let (one, two) = (begin(&verifier, "one"), begin(&verifier, "two"));
    let three = begin(&verifier, "three");
    assert!(super::is_ready(&three));
    let error = three.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    // Those who need no introspection of their own are let in.
    let one_more = begin(&verifier, "one");
    endpoint.open(3);
    assert!(one.wait().await.is_ok() && two.wait().await.is_ok());
    assert!(one_more.wait().await.is_ok());
    assert_eq!(judge(&verifier, "three").await, Ok("three".to_owned()));
    assert_eq!(endpoint.asked(), 3);
}

#[test]
fn without_a_runtime_it_is_a_misconfiguration_and_no_panic() {
    let endpoint = Endpoint::naming();
    let verifier = asking(&endpoint).without_audience().build().unwrap();
    let verdict = begin(&verifier, "t");
    assert!(format!("{verdict:?}").contains("Misconfigured"), "{verdict:?}");
}

#[test]
fn an_introspection_that_its_runtime_drops_is_given_up_and_begun_anew() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let endpoint = Endpoint::naming().closed();
    let verifier = asking(&endpoint).without_audience().max_concurrent(1).build().unwrap();
    let first = runtime();
    let waiting = first.block_on(async {
        let waiting = begin(&verifier, "alice");
        endpoint.arrived(1).await;
        waiting
    });
    drop(first);
    let error = runtime().block_on(waiting.wait()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    endpoint.open(1);
    assert_eq!(runtime().block_on(judge(&verifier, "alice")), Ok("alice".to_owned()));
}

#[test]
fn an_introspection_whose_runtime_has_stopped_is_not_waited_for_without_end() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let endpoint = Endpoint::naming();
    let verifier = asking(&endpoint).without_audience().build().unwrap();
    let stopped = runtime();
    let lost = stopped.block_on(async { begin(&verifier, "alice") });
    runtime().block_on(async {
        let error = lost.wait().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    });
    drop(stopped);
    assert_eq!(runtime().block_on(judge(&verifier, "alice")), Ok("alice".to_owned()));
}
