//! Concurrent requests with the same token share one introspection.

use axum::Router;
use portcullis::{AuthenticateLayer, ErrorKind};
use tokio::task::JoinSet;

use super::{builder_for, endpoint::Endpoint, start, verify, verify_subject};
use crate::support::{send, whoami, with_token};

#[tokio::test]
async fn concurrent_requests_share_one_introspection() {
    let endpoint = Endpoint::active().held();
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    let app: Router = whoami().layer(AuthenticateLayer::bearer(verifier));
    let mut requests = JoinSet::new();
    for _ in 0..1000 {
        let app = app.clone();
        requests.spawn(async move { send(&app, with_token("alice")).await });
    }
    endpoint.received(1).await;
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    endpoint.release(1000);
    let mut served = 0;
    while let Some(response) = requests.join_next().await {
        let response = response.unwrap();
        assert_eq!((response.status.as_u16(), &*response.body), (200, "alice"));
        served += 1;
    }
    assert_eq!((served, endpoint.requests()), (1000, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_on_several_threads_share_one_introspection() {
    let endpoint = Endpoint::active();
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    let mut requests = JoinSet::new();
    for _ in 0..1000 {
        let verifier = verifier.clone();
        requests.spawn(async move { verify_subject(&verifier, "alice").await });
    }
    while let Some(outcome) = requests.join_next().await {
        assert_eq!(outcome.unwrap(), Ok("alice".to_owned()));
    }
    assert_eq!(endpoint.requests(), 1);
}

#[tokio::test]
async fn a_cancelled_request_does_not_affect_the_others() {
    let endpoint = Endpoint::active().held();
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    let first = tokio::spawn({
        let verifier = verifier.clone();
        async move { verify(&verifier, "alice").await }
    });
    endpoint.received(1).await;
    let second = start(&verifier, "alice");
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    endpoint.release(1);
    assert_eq!(second.wait().await.unwrap().subject(), Some("alice"));
    assert_eq!(endpoint.requests(), 1);
}

#[tokio::test]
async fn an_introspection_without_waiting_requests_is_cached() {
    let endpoint = Endpoint::active().held();
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    drop(start(&verifier, "alice"));
    endpoint.received(1).await;
    endpoint.release(1);
    while !super::is_ready(&start(&verifier, "alice")) {
        tokio::task::yield_now().await;
    }
    assert_eq!(endpoint.requests(), 1);
}

#[tokio::test]
async fn a_failure_is_shared_by_waiting_requests_only() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let fails = AtomicBool::new(true);
    let endpoint = Endpoint::new(move |_| {
        let status = if fails.swap(false, Ordering::Relaxed) { 500 } else { 200 };
        (status, r#"{"active":true,"sub":"alice"}"#.to_owned())
    });
    let endpoint = endpoint.held();
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    let waiting: Vec<_> = (0..10).map(|_| start(&verifier, "t")).collect();
    endpoint.release(2);
    for one in waiting {
        assert_eq!(one.wait().await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(endpoint.requests(), 1);
    assert_eq!(verify_subject(&verifier, "t").await, Ok("alice".to_owned()));
}

#[tokio::test]
async fn different_tokens_are_introspected_concurrently() {
    let endpoint = Endpoint::active().held();
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    let waiting: Vec<_> = (0..50).map(|n| start(&verifier, &format!("user{n}"))).collect();
    endpoint.received(50).await;
    endpoint.release(50);
    for (n, one) in waiting.into_iter().enumerate() {
        assert_eq!(one.wait().await.unwrap().subject(), Some(&*format!("user{n}")));
    }
}
