//! Introspection: the single flight of each token, its cache, and the permits.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use http::{Request, Response};
use portcullis::{
    IntrospectionVerifier, TokenFault,
    http_client::{HttpClient, HttpResponseFuture},
};
use races_model::point;

use crate::support::{Accepted, ModelClock, Rejected, begin, check, join, request, spawn_request};

const INACTIVE: crate::support::Outcome = Rejected(TokenFault::Inactive);

/// An endpoint, as the HTTP client that requests reach it by.
#[derive(Clone, Default)]
struct Endpoint(Arc<State>);

#[derive(Default)]
struct State {
    are_inactive: AtomicBool,
    requests: AtomicUsize,
    running: AtomicUsize,
    most_running: AtomicUsize,
}

impl Endpoint {
    fn verifier(&self, max_concurrent: usize) -> IntrospectionVerifier {
        IntrospectionVerifier::builder("https://as.example/introspect")
            .client_secret_basic("api", "secret")
            .without_audience()
            .http_client(self.clone())
            .clock(ModelClock)
            .max_concurrent(max_concurrent)
            .build()
            .unwrap()
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
        let endpoint = Endpoint::default();
        let verifier = endpoint.verifier(8);
        let others = [spawn_request(&verifier, "t"), spawn_request(&verifier, "t")];
        assert_eq!(request(&verifier, "t"), Accepted);
        assert_eq!(others.map(join), [Accepted; 2]);
        assert_eq!(endpoint.requests(), 1);
    });
}

#[test]
fn no_response_from_before_an_invalidation_is_used_after_it() {
    check(|| {
        let endpoint = Endpoint::default();
        let verifier = endpoint.verifier(8);
        let before = spawn_request(&verifier, "t");
        endpoint.0.are_inactive.store(true, SeqCst);
        verifier.invalidate("t");
        assert_eq!(request(&verifier, "t"), INACTIVE);
        let outcome = join(before);
        assert!([Accepted, INACTIVE].contains(&outcome), "{outcome:?}");
        assert_eq!(request(&verifier, "t"), INACTIVE);
    });
}

#[test]
fn permits_are_neither_exceeded_nor_lost() {
    check(|| {
        let endpoint = Endpoint::default();
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
