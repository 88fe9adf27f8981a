//! All who ask about one token wait for one introspection.

use axum::Router;
use portcullis::{AuthenticateLayer, ErrorKind};
use tokio::task::JoinSet;

use super::{asking, begin, endpoint::Endpoint, judge, verify};
use crate::support::{send, whoami, with_token};

#[tokio::test]
async fn a_thousand_requests_at_once_make_one_introspection() {
    let endpoint = Endpoint::naming().closed();
    let verifier = asking(&endpoint).without_audience().build().unwrap();
    let app: Router = whoami().layer(AuthenticateLayer::bearer(verifier));
    let mut requests = JoinSet::new();
    for _ in 0..1000 {
        let app = app.clone();
        requests.spawn(async move { send(&app, with_token("alice")).await });
    }
    endpoint.arrived(1).await;
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    endpoint.open(1000);
    let mut served = 0;
    while let Some(answer) = requests.join_next().await {
        let answer = answer.unwrap();
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, "alice"));
        served += 1;
    }
    assert_eq!((served, endpoint.asked()), (1000, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_is_one_on_several_threads_too() {
    let endpoint = Endpoint::naming();
    let verifier = asking(&endpoint).without_audience().build().unwrap();
    let mut requests = JoinSet::new();
    for _ in 0..1000 {
        let verifier = verifier.clone();
        requests.spawn(async move { judge(&verifier, "alice").await });
    }
    while let Some(verdict) = requests.join_next().await {
        assert_eq!(verdict.unwrap(), Ok("alice".to_owned()));
    }
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test]
async fn a_request_that_is_cancelled_takes_nothing_from_the_others() {
    let endpoint = Endpoint::naming().closed();
    let verifier = asking(&endpoint).without_audience().build().unwrap();
    let first = tokio::spawn({
        let verifier = verifier.clone();
        async move { verify(&verifier, "alice").await }
    });
    endpoint.arrived(1).await;
    let second = begin(&verifier, "alice");
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    endpoint.open(1);
    assert_eq!(second.wait().await.unwrap().subject(), Some("alice"));
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test]
async fn an_introspection_that_nobody_waits_for_still_counts() {
    let endpoint = Endpoint::naming().closed();
    let verifier = asking(&endpoint).without_audience().build().unwrap();
    drop(begin(&verifier, "alice"));
    endpoint.arrived(1).await;
    endpoint.open(1);
    while !super::is_ready(&begin(&verifier, "alice")) {
        tokio::task::yield_now().await;
    }
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test]
async fn a_failure_is_shared_by_those_who_waited_and_by_nobody_else() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let fails = AtomicBool::new(true);
    let endpoint = Endpoint::new(move |_| {
        let status = if fails.swap(false, Ordering::Relaxed) { 500 } else { 200 };
        (status, r#"{"active":true,"sub":"alice"}"#.to_owned())
    });
    let endpoint = endpoint.closed();
    let verifier = asking(&endpoint).without_audience().build().unwrap();
    let waiting: Vec<_> = (0..10).map(|_| begin(&verifier, "t")).collect();
    endpoint.open(2);
    for one in waiting {
        assert_eq!(one.wait().await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(endpoint.asked(), 1);
    assert_eq!(judge(&verifier, "t").await, Ok("alice".to_owned()));
}

#[tokio::test]
async fn tokens_that_differ_are_asked_about_at_the_same_time() {
    let endpoint = Endpoint::naming().closed();
    let verifier = asking(&endpoint).without_audience().build().unwrap();
    let waiting: Vec<_> = (0..50).map(|n| begin(&verifier, &format!("user{n}"))).collect();
    endpoint.arrived(50).await;
    endpoint.open(50);
    for (n, one) in waiting.into_iter().enumerate() {
        assert_eq!(one.wait().await.unwrap().subject(), Some(&*format!("user{n}")));
    }
}
