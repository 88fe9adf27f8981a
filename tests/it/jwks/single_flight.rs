//! One fetch for all who need it, which nobody who leaves can break.

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
    verdict::{
        ACCEPTED, DAY, MISCONFIGURED, UNAVAILABLE, all_quiet, seconds, verdict, verdict_at_once,
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
async fn a_thousand_first_requests_at_once_are_one_discovery_and_one_fetch_of_keys() {
    let issuer = TestIssuer::new();
    let (verifier, wire, token) = set_up(&issuer);
    wire.hold();
    let requests = (0..1000).map(|_| {
        let (verifier, token) = (verifier.clone(), token.clone());
        tokio::spawn(async move { verdict(&verifier, &token).await })
    });
    let requests: Vec<_> = requests.collect();
    all_quiet().await;
    wire.release();
    for request in requests {
        assert_eq!(request.await.unwrap(), ACCEPTED);
    }
    assert_eq!((wire.requests_to(DISCOVERY), wire.requests_to("/jwks")), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_first_requests_on_several_threads_are_one_discovery_and_one_fetch_of_keys() {
    let issuer = TestIssuer::new();
    let (verifier, wire, token) = set_up(&issuer);
    let requests = (0..1000).map(|_| {
        let (verifier, token) = (verifier.clone(), token.clone());
        tokio::spawn(async move { verdict(&verifier, &token).await })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap(), ACCEPTED);
    }
    assert_eq!((wire.requests_to(DISCOVERY), wire.requests_to("/jwks")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_first_requests_of_an_issuer_that_fails_are_one_discovery() {
    let issuer = TestIssuer::new();
    let (verifier, wire, token) = set_up(&issuer);
    issuer.fail(Fault::Unreachable);
    let requests = (0..1000).map(|_| {
        let (verifier, token) = (verifier.clone(), token.clone());
        tokio::spawn(async move { verdict(&verifier, &token).await })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap(), UNAVAILABLE);
    }
    assert_eq!(wire.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_issuer_has_a_flight_of_its_own() {
    let (slow, well) =
        (TestIssuer::named("https://slow.test"), TestIssuer::named("https://well.test"));
    let (slow_verifier, wire, _) = set_up(&slow);
    let (well_verifier, _, token) = set_up(&well);
    let issuers = Issuers::builder().trust(slow_verifier).trust(well_verifier).build().unwrap();
    wire.hold();
    let slow_token = slow.token().audience(API).mint();
    assert_eq!(verdict_at_once(&issuers, &slow_token), None);
    assert_eq!(verdict(&issuers, &token).await, ACCEPTED);
    wire.release();
    assert_eq!(verdict(&issuers, &slow_token).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_outlives_the_requests_that_wait_for_it() {
    // How many of the requests are cancelled before the fetch ends.
    for cancelled in [1, 5, 10] {
        let issuer = TestIssuer::new();
        let (verifier, wire, token) = set_up(&issuer);
        wire.hold();
        let requests = (0..10).map(|_| {
            let (verifier, token) = (verifier.clone(), token.clone());
            tokio::spawn(async move { verdict(&verifier, &token).await })
        });
        let mut requests: Vec<_> = requests.collect();
        all_quiet().await;
        // The first of them has started it.
        requests.drain(..cancelled).for_each(|request| request.abort());
        all_quiet().await;
        wire.release();
        for request in requests {
            assert_eq!(request.await.unwrap(), ACCEPTED, "{cancelled} cancelled");
        }
        all_quiet().await;
        assert_eq!(verdict_at_once(&verifier, &token), Some(ACCEPTED), "{cancelled} cancelled");
        assert_eq!(wire.asked().len(), 2, "{cancelled} cancelled");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refetch_for_an_unknown_key_outlives_its_request_too() {
    let issuer = TestIssuer::new();
    let (verifier, wire, old) = set_up(&issuer);
    assert_eq!(verdict(&verifier, &old).await, ACCEPTED);
    issuer.rotate_keys(true);
    let new = issuer.token().audience(API).mint();
    assert_eq!(verdict_at_once(&verifier, &new), None, "cancelled here");
    all_quiet().await;
    assert_eq!(verdict_at_once(&verifier, &new), Some(ACCEPTED));
    assert_eq!(wire.requests_to("/jwks"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_verifier_ends_its_fetch() {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    for at in ["the first fetch", "a refresh ahead", "an unknown key"] {
        let issuer = TestIssuer::new();
        let (verifier, wire, token) = set_up(&issuer);
        if at != "the first fetch" {
            assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
        }
        wire.hold();
        match at {
            "a refresh ahead" => issuer.clock().advance(seconds(500)),
            "an unknown key" => issuer.rotate_keys(true),
            _ => {}
        }
        let token = issuer.token().audience(API).mint();
        let _ = verdict_at_once(&verifier, &token);
        all_quiet().await;
        assert_eq!((wire.under_way(), tasks()), (1, 1), "{at}");

        let clone = verifier.clone();
        drop(verifier);
        all_quiet().await;
        assert_eq!((wire.under_way(), tasks()), (1, 1), "{at}: a clone keeps it");
        drop(clone);
        all_quiet().await;
        assert_eq!((wire.under_way(), tasks()), (0, 0), "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_runs_between_fetches() {
    let issuer = TestIssuer::new();
    let (verifier, _, token) = set_up(&issuer);
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
    all_quiet().await;
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    drop(verifier);
}

/// Panics until it is told not to: when it is called, or when its answer is.
#[derive(Debug)]
struct Panicking {
    client: TestClient,
    at_once: bool,
    well: Arc<AtomicBool>,
}

impl HttpClient for Panicking {
    fn send(&self, request: http::Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        if self.well.load(Ordering::SeqCst) {
            return self.client.send(request, max_body);
        }
        assert!(!self.at_once, "a client's bug");
        Box::pin(async { panic!("a client's bug") })
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_panics_is_a_failed_fetch() {
    for at_once in [true, false] {
        let issuer = TestIssuer::new();
        let well = Arc::<AtomicBool>::default();
        let client = Panicking { client: issuer.http_client(), at_once, well: Arc::clone(&well) };
        let verifier = issuer.verifier().http_client(client).audience(API).build().unwrap();
        let token = issuer.token().audience(API).mint();
        assert_eq!(verdict(&verifier, &token).await, UNAVAILABLE);
        well.store(true, Ordering::SeqCst);
        assert_eq!(verdict_at_once(&verifier, &token), Some(UNAVAILABLE), "in the pause");
        issuer.clock().advance(seconds(1));
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

#[test]
fn a_runtime_that_ends_takes_its_fetch_along_and_leaves_the_verifier_to_others() {
    let issuer = TestIssuer::new();
    let (verifier, wire, token) = set_up(&issuer);
    let (one, other) = (runtime(), runtime());
    wire.hold();
    one.block_on(async {
        assert_eq!(verdict_at_once(&verifier, &token), None);
        all_quiet().await;
    });
    assert_eq!(wire.under_way(), 1);
    let waiting = other.spawn({
        let (verifier, token) = (verifier.clone(), token.clone());
        async move { verdict(&verifier, &token).await }
    });
    other.block_on(all_quiet());
    drop(one);
    assert_eq!(wire.under_way(), 0);
    wire.release();
    assert_eq!(other.block_on(waiting).unwrap(), UNAVAILABLE);
    issuer.clock().advance(seconds(1));
    assert_eq!(other.block_on(verdict(&verifier, &token)), ACCEPTED);
}

#[test]
fn a_runtime_that_stands_still_holds_nobody_up_for_ever() {
    let issuer = TestIssuer::new();
    let (verifier, wire, token) = set_up(&issuer);
    let (still, other) = (runtime(), runtime());
    // A fetch is started there, and then nobody drives it any more.
    still.block_on(async { assert_eq!(verdict_at_once(&verifier, &token), None) });
    other.block_on(async {
        let hour = tokio::time::timeout(seconds(3600), verdict(&verifier, &token));
        assert_eq!(hour.await.expect("an answer within the hour"), UNAVAILABLE);
        issuer.clock().advance(seconds(60));
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
    });
    // Driven again, it has nothing left to say.
    still.block_on(all_quiet());
    assert_eq!(wire.under_way(), 0);
    assert_eq!(verdict_at_once(&verifier, &token), Some(ACCEPTED));
}

#[test]
fn a_runtime_that_has_ended_is_an_outage_and_leaves_the_verifier_to_others() {
    let issuer = TestIssuer::new();
    let (verifier, _, token) = set_up(&issuer);
    let ended = {
        let runtime = runtime();
        runtime.handle().clone()
    };
    // In a thread of its own: a deadlock would be in the way of all other tests.
    let (sender, answer) = std::sync::mpsc::channel();
    thread::spawn({
        let (verifier, token) = (verifier.clone(), token.clone());
        move || {
            let _entered = ended.enter();
            sender.send(verdict_at_once(&verifier, &token)).unwrap();
        }
    });
    let answer = answer.recv_timeout(seconds(60)).expect("an answer, not a deadlock");
    assert_eq!(answer, Some(UNAVAILABLE));
    assert_eq!(runtime().block_on(verdict(&verifier, &token)), ACCEPTED);
}

#[test]
fn without_a_runtime_a_fetch_is_a_mistake_in_the_set_up_and_no_panic() {
    let issuer = TestIssuer::new();
    let (verifier, _, token) = set_up(&issuer);
    assert_eq!(verdict_at_once(&verifier, &token), Some(MISCONFIGURED));
    let runtime = runtime();
    assert_eq!(runtime.block_on(verdict(&verifier, &token)), ACCEPTED);
    // Keys that are there need no runtime; not even when a refresh is due.
    assert_eq!(verdict_at_once(&verifier, &token), Some(ACCEPTED));
    for time in [500, 100] {
        issuer.clock().advance(seconds(time));
        assert_eq!(verdict_at_once(&verifier, &token), Some(ACCEPTED));
    }
}

#[test]
fn a_refetch_that_could_not_start_uses_up_no_cool_down() {
    let issuer = TestIssuer::new();
    let (verifier, _, token) = set_up(&issuer);
    let runtime = runtime();
    assert_eq!(runtime.block_on(verdict(&verifier, &token)), ACCEPTED);
    issuer.rotate_keys(true);
    let new = issuer.token().audience(API).mint();
    assert_eq!(verdict_at_once(&verifier, &new), Some(MISCONFIGURED));
    assert_eq!(runtime.block_on(verdict(&verifier, &new)), ACCEPTED);
}
