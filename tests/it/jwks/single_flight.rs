//! Concurrent requests share one fetch, which continues if they are cancelled.

use std::{
    panic,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use portcullis::{
    Issuers, JwtVerifier,
    http_client::{HttpClient, HttpResponseFuture},
    testing::{Fault, TestClient, TestIssuer},
};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::support::{
    API,
    outcome::{
        ACCEPTED, DAY, MISCONFIGURED, UNAVAILABLE, immediate_outcome, outcome, run_until_idle,
        seconds,
    },
    wire::Wire,
};

const DISCOVERY: &str = "/.well-known/openid-configuration";

fn set_up(issuer: &TestIssuer) -> (JwtVerifier, Wire, String) {
    let wire = Wire::to(issuer.http_client());
    let verifier = issuer.verifier().http_client(wire.clone()).audience(API).build().unwrap();
    (verifier, wire, issuer.token().audience(API).expires_in(DAY).mint())
}

#[tokio::test(start_paused = true)]
async fn concurrent_first_requests_share_one_discovery_and_key_fetch() {
    let issuer = TestIssuer::new();
    let (verifier, wire, token) = set_up(&issuer);
    wire.hold();
    let requests = (0..1000).map(|_| {
        let (verifier, token) = (verifier.clone(), token.clone());
        tokio::spawn(async move { outcome(&verifier, &token).await })
    });
    let requests: Vec<_> = requests.collect();
    run_until_idle().await;
    wire.release();
    for request in requests {
        assert_eq!(request.await.unwrap(), ACCEPTED);
    }
    assert_eq!((wire.requests_to(DISCOVERY), wire.requests_to("/jwks")), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_on_several_threads_share_discovery_and_key_fetch() {
    let issuer = TestIssuer::new();
    let (verifier, wire, token) = set_up(&issuer);
    let requests = (0..1000).map(|_| {
        let (verifier, token) = (verifier.clone(), token.clone());
        tokio::spawn(async move { outcome(&verifier, &token).await })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap(), ACCEPTED);
    }
    assert_eq!((wire.requests_to(DISCOVERY), wire.requests_to("/jwks")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn concurrent_first_requests_share_one_failed_discovery() {
    let issuer = TestIssuer::new();
    let (verifier, wire, token) = set_up(&issuer);
    issuer.fail(Fault::Unreachable);
    let requests = (0..1000).map(|_| {
        let (verifier, token) = (verifier.clone(), token.clone());
        tokio::spawn(async move { outcome(&verifier, &token).await })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap(), UNAVAILABLE);
    }
    assert_eq!(wire.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_issuer_has_a_separate_fetch() {
    let (slow, working) =
        (TestIssuer::named("https://slow.test"), TestIssuer::named("https://working.test"));
    let (slow_verifier, wire, _) = set_up(&slow);
    let (working_verifier, _, token) = set_up(&working);
    let issuers = Issuers::builder().trust(slow_verifier).trust(working_verifier).build().unwrap();
    wire.hold();
    let slow_token = slow.token().audience(API).mint();
    assert_eq!(immediate_outcome(&issuers, &slow_token), None);
    assert_eq!(outcome(&issuers, &token).await, ACCEPTED);
    wire.release();
    assert_eq!(outcome(&issuers, &slow_token).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_outlives_the_requests_that_wait_for_it() {
    // The number of requests that are cancelled before the fetch ends.
    for cancelled in [1, 5, 10] {
        let issuer = TestIssuer::new();
        let (verifier, wire, token) = set_up(&issuer);
        wire.hold();
        let requests = (0..10).map(|_| {
            let (verifier, token) = (verifier.clone(), token.clone());
            tokio::spawn(async move { outcome(&verifier, &token).await })
        });
        let mut requests: Vec<_> = requests.collect();
        run_until_idle().await;
        // The first request has started the fetch.
        requests.drain(..cancelled).for_each(|request| request.abort());
        run_until_idle().await;
        wire.release();
        for request in requests {
            assert_eq!(request.await.unwrap(), ACCEPTED, "{cancelled} cancelled");
        }
        run_until_idle().await;
        assert_eq!(immediate_outcome(&verifier, &token), Some(ACCEPTED), "{cancelled} cancelled");
        assert_eq!(wire.requests().len(), 2, "{cancelled} cancelled");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refetch_for_an_unknown_key_outlives_its_request() {
    let issuer = TestIssuer::new();
    let (verifier, wire, old) = set_up(&issuer);
    assert_eq!(outcome(&verifier, &old).await, ACCEPTED);
    issuer.rotate_keys(true);
    let new = issuer.token().audience(API).mint();
    assert_eq!(immediate_outcome(&verifier, &new), None, "cancelled here");
    run_until_idle().await;
    assert_eq!(immediate_outcome(&verifier, &new), Some(ACCEPTED));
    assert_eq!(wire.requests_to("/jwks"), 2);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_verifier_aborts_its_fetch() {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    for at in ["the first fetch", "a refresh ahead", "an unknown key"] {
        let issuer = TestIssuer::new();
        let (verifier, wire, token) = set_up(&issuer);
        if at != "the first fetch" {
            assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
        }
        wire.hold();
        match at {
            "a refresh ahead" => issuer.clock().advance(seconds(500)),
            "an unknown key" => issuer.rotate_keys(true),
            _ => {}
        }
        let token = issuer.token().audience(API).mint();
        let _ = immediate_outcome(&verifier, &token);
        run_until_idle().await;
        assert_eq!((wire.in_progress(), tasks()), (1, 1), "{at}");

        let clone = verifier.clone();
        drop(verifier);
        run_until_idle().await;
        assert_eq!((wire.in_progress(), tasks()), (1, 1), "{at}: a clone keeps the fetch running");
        drop(clone);
        run_until_idle().await;
        assert_eq!((wire.in_progress(), tasks()), (0, 0), "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_task_runs_between_fetches() {
    let issuer = TestIssuer::new();
    let (verifier, _, token) = set_up(&issuer);
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    run_until_idle().await;
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    drop(verifier);
}

/// Panics until `working` is set, either when it is called or when its future is polled.
#[derive(Debug)]
struct Panicking {
    client: TestClient,
    when_called: bool,
    working: Arc<AtomicBool>,
}

impl HttpClient for Panicking {
    fn send(&self, request: http::Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        if self.working.load(Ordering::SeqCst) {
            return self.client.send(request, max_body);
        }
        assert!(!self.when_called, "a client's bug");
        Box::pin(async { panic!("a client's bug") })
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_client_is_a_failed_fetch() {
    for when_called in [true, false] {
        let issuer = TestIssuer::new();
        let working = Arc::<AtomicBool>::default();
        let client =
            Panicking { client: issuer.http_client(), when_called, working: Arc::clone(&working) };
        let verifier = issuer.verifier().http_client(client).audience(API).build().unwrap();
        let token = issuer.token().audience(API).mint();
        assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE);
        working.store(true, Ordering::SeqCst);
        assert_eq!(immediate_outcome(&verifier, &token), Some(UNAVAILABLE), "during the backoff");
        issuer.clock().advance(seconds(1));
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

#[test]
fn dropping_a_runtime_aborts_its_fetch_and_others_can_retry() {
    let issuer = TestIssuer::new();
    let (verifier, wire, token) = set_up(&issuer);
    let (one, other) = (runtime(), runtime());
    wire.hold();
    one.block_on(async {
        assert_eq!(immediate_outcome(&verifier, &token), None);
        run_until_idle().await;
    });
    assert_eq!(wire.in_progress(), 1);
    let waiting = other.spawn({
        let (verifier, token) = (verifier.clone(), token.clone());
        async move { outcome(&verifier, &token).await }
    });
    other.block_on(run_until_idle());
    drop(one);
    assert_eq!(wire.in_progress(), 0);
    wire.release();
    assert_eq!(other.block_on(waiting).unwrap(), UNAVAILABLE);
    issuer.clock().advance(seconds(1));
    assert_eq!(other.block_on(outcome(&verifier, &token)), ACCEPTED);
}

#[test]
fn waiting_for_a_fetch_on_an_idle_runtime_times_out() {
    let issuer = TestIssuer::new();
    let (verifier, wire, token) = set_up(&issuer);
    let (idle, other) = (runtime(), runtime());
    // The fetch is started on a runtime that isn't driven any more.
    idle.block_on(async { assert_eq!(immediate_outcome(&verifier, &token), None) });
    other.block_on(async {
        let hour = tokio::time::timeout(seconds(3600), outcome(&verifier, &token));
        assert_eq!(hour.await.expect("an outcome within the hour"), UNAVAILABLE);
        issuer.clock().advance(seconds(60));
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    });
    // When that runtime is driven again, the fetch has been aborted.
    idle.block_on(run_until_idle());
    assert_eq!(wire.in_progress(), 0);
    assert_eq!(immediate_outcome(&verifier, &token), Some(ACCEPTED));
}

#[test]
fn on_a_shut_down_runtime_a_fetch_fails_and_others_can_retry() {
    let issuer = TestIssuer::new();
    let (verifier, _, token) = set_up(&issuer);
    let ended = {
        let runtime = runtime();
        runtime.handle().clone()
    };
    // In a separate thread, so that a deadlock doesn't block other tests.
    let (sender, response) = std::sync::mpsc::channel();
    thread::spawn({
        let (verifier, token) = (verifier.clone(), token.clone());
        move || {
            let _entered = ended.enter();
            sender.send(immediate_outcome(&verifier, &token)).unwrap();
        }
    });
    let response = response.recv_timeout(seconds(60)).expect("an outcome, not a deadlock");
    assert_eq!(response, Some(UNAVAILABLE));
    assert_eq!(runtime().block_on(outcome(&verifier, &token)), ACCEPTED);
}

#[test]
fn without_a_runtime_a_fetch_is_a_misconfiguration() {
    let issuer = TestIssuer::new();
    let (verifier, _, token) = set_up(&issuer);
    assert_eq!(immediate_outcome(&verifier, &token), Some(MISCONFIGURED));
    let runtime = runtime();
    assert_eq!(runtime.block_on(outcome(&verifier, &token)), ACCEPTED);
    // Cached keys need no runtime, even when a refresh is due.
    assert_eq!(immediate_outcome(&verifier, &token), Some(ACCEPTED));
    for time in [500, 100] {
        issuer.clock().advance(seconds(time));
        assert_eq!(immediate_outcome(&verifier, &token), Some(ACCEPTED));
    }
}

#[test]
fn a_refetch_that_could_not_start_starts_no_cooldown() {
    let issuer = TestIssuer::new();
    let (verifier, _, token) = set_up(&issuer);
    let runtime = runtime();
    assert_eq!(runtime.block_on(outcome(&verifier, &token)), ACCEPTED);
    issuer.rotate_keys(true);
    let new = issuer.token().audience(API).mint();
    assert_eq!(immediate_outcome(&verifier, &new), Some(MISCONFIGURED));
    assert_eq!(runtime.block_on(outcome(&verifier, &new)), ACCEPTED);
}
