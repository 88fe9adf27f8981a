//! Introspection: the single flight of each token, its cache, and the permits.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use http::{Request, Response};
use portcullis::{
    IntrospectionVerifier,
    error::TokenFault,
    http_client::{HttpClient, HttpResponseFuture},
};
use races_model::point;
use shuttle::future::block_on;
use tokio::sync::watch;

use crate::support::{
    Accepted, ModelClock, Rejected, Unavailable, begin, check, join, request, spawn_request,
    while_time_passes,
};

const INACTIVE: crate::support::Outcome = Rejected(TokenFault::Inactive);

/// An endpoint, as the HTTP client that requests reach it by.
#[derive(Clone)]
struct Endpoint(Arc<State>);

struct State {
    are_inactive: AtomicBool,
    requests: AtomicUsize,
    arrived: watch::Sender<bool>,
    running: AtomicUsize,
    most_running: AtomicUsize,
}

impl Endpoint {
    fn new() -> Self {
        Self(Arc::new(State {
            are_inactive: AtomicBool::new(false),
            requests: AtomicUsize::new(0),
            arrived: watch::channel(false).0,
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
        }))
    }

    fn verifier(&self, max_concurrent: usize) -> IntrospectionVerifier {
        IntrospectionVerifier::builder("https://as.example/introspect")
            .client_secret_basic("api", "secret")
            .without_audience()
            .http_client(self.clone())
            .clock(ModelClock)
            .max_concurrent(max_concurrent)
            .queue_timeout(Duration::from_secs(3))
            .build()
            .unwrap()
    }

    /// Waits until the first request has arrived.
    fn wait_for_request(&self) {
        block_on(self.0.arrived.subscribe().wait_for(|arrived| *arrived)).unwrap();
    }

    fn requests(&self) -> usize {
        self.0.requests.load(SeqCst)
    }
}

impl HttpClient for Endpoint {
    fn send(&self, _request: Request<Vec<u8>>, _max_body: usize) -> HttpResponseFuture {
        let state = Arc::clone(&self.0);
        Box::pin(async move {
            state.requests.fetch_add(1, SeqCst);
            let running = state.running.fetch_add(1, SeqCst) + 1;
            state.most_running.fetch_max(running, SeqCst);
            let is_active = !state.are_inactive.load(SeqCst);
            state.arrived.send_replace(true);
            shuttle::future::yield_now().await;
            point();
            state.running.fetch_sub(1, SeqCst);
            let response = Response::builder().header("content-type", "application/json");
            Ok(response.body(format!(r#"{{"active":{is_active}}}"#).into_bytes()).unwrap())
        })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoint")
    }
}

#[test]
fn requests_with_one_token_share_one_introspection() {
    check(|| {
        let endpoint = Endpoint::new();
        let verifier = endpoint.verifier(8);
        let others = [spawn_request(&verifier, "t"), spawn_request(&verifier, "t")];
        assert_eq!(request(&verifier, "t"), Accepted);
        assert_eq!(others.map(join), [Accepted; 2]);
        assert_eq!(endpoint.requests(), 1);
    });
}

#[test]
fn a_request_that_just_missed_the_result_finds_it_in_the_cache() {
    check(|| {
        let endpoint = Endpoint::new();
        let verifier = endpoint.verifier(8);
        let other = spawn_request(&verifier, "t");
        endpoint.wait_for_request();
        assert_eq!(request(&verifier, "t"), Accepted);
        assert_eq!(join(other), Accepted);
        assert_eq!(endpoint.requests(), 1);
    });
}

#[test]
fn no_response_from_before_an_invalidation_is_used_after_it() {
    check(|| {
        let endpoint = Endpoint::new();
        let verifier = endpoint.verifier(8);
        let before = spawn_request(&verifier, "t");
        endpoint.wait_for_request();
        endpoint.0.are_inactive.store(true, SeqCst);
        verifier.invalidate("t");
        assert_eq!(request(&verifier, "t"), INACTIVE);
        let outcome = join(before);
        assert!([Accepted, INACTIVE].contains(&outcome), "{outcome:?}");
        assert_eq!(request(&verifier, "t"), INACTIVE);
    });
}

#[test]
fn no_response_from_before_an_invalidation_is_cached() {
    check(|| {
        let endpoint = Endpoint::new();
        let verifier = endpoint.verifier(8);
        let before = spawn_request(&verifier, "t");
        endpoint.wait_for_request();
        endpoint.0.are_inactive.store(true, SeqCst);
        verifier.invalidate("t");
        join(before);
        assert_eq!(request(&verifier, "t"), INACTIVE);
    });
}

#[test]
fn permits_are_neither_exceeded_nor_lost() {
    check(|| {
        let endpoint = Endpoint::new();
        let verifier = endpoint.verifier(1);
        let others = [spawn_request(&verifier, "one"), spawn_request(&verifier, "two")];
        let disconnects = thread::spawn({
            let verifier = verifier.clone();
            move || drop(begin(&verifier, "three"))
        });
        assert_eq!(request(&verifier, "four"), Accepted);
        assert_eq!(others.map(join), [Accepted; 2]);
        join(disconnects);
        assert_eq!(request(&verifier, "five"), Accepted);
        assert_eq!(endpoint.0.most_running.load(SeqCst), 1);
    });
}

#[test]
fn no_permit_is_lost_if_an_introspection_times_out_waiting() {
    check(|| {
        let endpoint = Endpoint::new();
        let verifier = endpoint.verifier(1);
        let outcomes = while_time_passes(|| {
            let others = [spawn_request(&verifier, "one"), spawn_request(&verifier, "two")];
            others.map(join)
        });
        for outcome in outcomes {
            assert!([Accepted, Unavailable].contains(&outcome), "{outcome:?}");
        }
        // Time stands still again, so this would wait forever for a permit that was lost.
        assert_eq!(request(&verifier, "three"), Accepted);
    });
}
