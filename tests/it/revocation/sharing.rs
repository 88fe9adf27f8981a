//! Revocations that replicas share through a store, here in memory.

use std::time::Duration;

use axum::{Router, body::Body, routing::get};
use http::{Request, header::AUTHORIZATION};
use portcullis::{
    Algorithm, AuthenticateLayer, Issuers,
    clock::SystemClock,
    testing::{MemoryRevocationStore, TestClock, TestIssuer, check_revocation_store},
    verify::{OutagePolicy, Revocation, Revocations},
};
use serde_json::json;

use crate::support::{API, TestResponse, issuer_with, send};

struct Replica {
    revocations: Revocations,
    app: Router,
}

impl Replica {
    fn new(issuer: &TestIssuer, store: &MemoryRevocationStore, outage: OutagePolicy) -> Self {
        let revocations =
            Revocations::builder().shared(store.clone()).outage(outage).build().unwrap();
        let verifier = issuer.verifier().audience(API).revocations(revocations.clone());
        let layer = AuthenticateLayer::bearer(verifier.build().unwrap());
        Self { revocations, app: Router::new().route("/", get("ok")).layer(layer) }
    }

    async fn send(&self, token: &str) -> TestResponse {
        let request = Request::get("/").header(AUTHORIZATION, format!("Bearer {token}"));
        send(&self.app, request.body(Body::empty()).unwrap()).await
    }

    async fn status(&self, token: &str) -> u16 {
        self.send(token).await.status.as_u16()
    }

    async fn until(&self, condition: impl Fn(&Revocations) -> bool) {
        for _ in 0..2000 {
            if condition(&self.revocations) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{:?}", self.revocations.readiness());
    }
}

fn token(issuer: &TestIssuer, id: &str) -> String {
    issuer.token().audience(API).subject("alice").claim("jti", json!(id)).mint()
}

fn setting() -> (TestIssuer, MemoryRevocationStore) {
    (issuer_with([Algorithm::Es256]), MemoryRevocationStore::new())
}

#[tokio::test]
async fn the_store_in_memory_passes_the_checks() {
    let store = MemoryRevocationStore::new();
    check_revocation_store(&store, &store.clone()).await;
}

#[tokio::test]
async fn a_revocation_applies_to_cached_tokens_of_other_replicas() {
    let (issuer, store) = setting();
    let one = Replica::new(&issuer, &store, OutagePolicy::Serve);
    let other = Replica::new(&issuer, &store, OutagePolicy::Serve);
    let (revoked, kept) = (token(&issuer, "1"), token(&issuer, "2"));
    for replica in [&one, &other] {
        assert_eq!(replica.status(&revoked).await, 200);
    }
    one.revocations.revoke(&Revocation::token_id("1")).await.unwrap();
    other.until(|list| list.len() == 1).await;
    for replica in [&one, &other] {
        assert_eq!(replica.status(&revoked).await, 401);
        assert_eq!(replica.status(&kept).await, 200);
    }
}

#[tokio::test]
async fn a_revocation_whose_future_is_dropped_is_shared() {
    let (issuer, store) = setting();
    let one = Replica::new(&issuer, &store, OutagePolicy::Serve);
    let other = Replica::new(&issuer, &store, OutagePolicy::Serve);
    drop(one.revocations.revoke(&Revocation::token_id("1")));
    other.revocations.warm_up().await.unwrap();
    other.until(|list| list.len() == 1).await;
    assert_eq!(other.status(&token(&issuer, "1")).await, 401);
}

#[tokio::test]
async fn with_reject_requests_are_503_before_the_read_and_in_outages() {
    let (issuer, store) = setting();
    store.fail();
    let replica = Replica::new(&issuer, &store, OutagePolicy::Reject);
    let token = token(&issuer, "1");
    for _ in 0..2 {
        let response = replica.send(&token).await;
        assert_eq!(response.status, 503);
        assert!(response.headers.contains_key("retry-after"));
        assert_eq!(response.challenge(), None);
    }
    let readiness = replica.revocations.readiness();
    assert!(!readiness.is_ready() && !readiness.is_current() && readiness.age().is_none());
    assert_eq!(replica.revocations.warm_up().await.unwrap_err().status(), 503);

    store.recover();
    replica.until(|list| list.readiness().is_ready()).await;
    assert_eq!(replica.status(&token).await, 200);
    assert_eq!(replica.status(&token).await, 200, "from the cache");

    store.fail();
    replica.until(|list| !list.readiness().is_ready()).await;
    assert_eq!(replica.status(&token).await, 503, "also from the cache");
    let error = replica.revocations.readiness().last_error().map(str::to_owned);
    assert_eq!(error.as_deref(), Some("the store was made to fail"));

    store.recover();
    replica.until(|list| list.readiness().is_ready()).await;
    assert_eq!(replica.status(&token).await, 200);
    assert_eq!(replica.revocations.readiness().last_error(), None);
}

#[tokio::test]
async fn with_serve_requests_are_served_during_an_outage() {
    let (issuer, store) = setting();
    store.fail();
    let replica = Replica::new(&issuer, &store, OutagePolicy::Serve);
    let (revoked, kept) = (token(&issuer, "1"), token(&issuer, "2"));
    assert_eq!(replica.status(&revoked).await, 200);
    let error = replica.revocations.revoke(&Revocation::token_id("1")).await.unwrap_err();
    assert_eq!(error.status(), 503);
    assert_eq!(replica.status(&revoked).await, 401, "in force here");
    assert_eq!(replica.status(&kept).await, 200);
    let readiness = replica.revocations.readiness();
    assert!(readiness.is_ready() && !readiness.is_current());
    assert_eq!(readiness.pending(), 1);

    store.recover();
    replica.until(|list| list.readiness().pending() == 0).await;
    let other = Replica::new(&issuer, &store, OutagePolicy::Reject);
    other.revocations.warm_up().await.unwrap();
    assert_eq!(other.status(&revoked).await, 401);
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn an_outage_is_logged_when_it_begins_and_when_it_ends() {
    let (capture, _guard) = crate::telemetry::capture::Capture::start();
    let (issuer, store) = setting();
    let replica = Replica::new(&issuer, &store, OutagePolicy::Serve);
    replica.revocations.warm_up().await.unwrap();
    let logged = |text: &str| {
        let lines = capture.take();
        assert!(lines.iter().all(|line| line.text.contains(text)), "{text}: {lines:#?}");
        lines.len()
    };
    assert_eq!(logged("nothing"), 0);
    store.fail();
    replica.until(|list| !list.readiness().is_current()).await;
    assert_eq!(logged("revocation store is unreachable"), 1);
    store.recover();
    replica.until(|list| list.readiness().is_current()).await;
    assert_eq!(logged("revocation store is reachable again"), 1);
}

#[tokio::test]
async fn what_the_store_has_lost_is_written_again() {
    let (issuer, store) = setting();
    let replica = Replica::new(&issuer, &store, OutagePolicy::Serve);
    for number in 0..1200 {
        drop(replica.revocations.revoke(&Revocation::token_id(format!("{number}"))));
    }
    replica.until(|_| store.len() == 1200).await;
    store.lose_everything();
    replica.until(|_| store.len() == 1200).await;
    assert_eq!(replica.revocations.len(), 1200);
}

#[tokio::test]
async fn more_revocations_than_are_queued_are_written_after_an_outage() {
    let (issuer, store) = setting();
    store.fail();
    let replica = Replica::new(&issuer, &store, OutagePolicy::Serve);
    for number in 0..10_500 {
        drop(replica.revocations.revoke(&Revocation::token_id(format!("{number}"))));
    }
    assert_eq!(replica.revocations.readiness().pending(), 10_500);
    store.recover();
    replica.until(|_| store.len() == 10_500).await;
    replica.until(|list| list.readiness().pending() == 0).await;
}

#[tokio::test]
async fn the_age_of_the_shared_state_is_the_time_since_it_was_current() {
    let (clock, store) = (TestClock::running(), MemoryRevocationStore::new());
    let revocations =
        Revocations::builder().clock(clock.clone()).shared(store.clone()).build().unwrap();
    revocations.warm_up().await.unwrap();
    store.fail();
    while revocations.readiness().is_current() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    clock.advance(Duration::from_secs(90));
    let age = revocations.readiness().age().unwrap();
    assert!((Duration::from_secs(90)..Duration::from_secs(120)).contains(&age), "{age:?}");
}

#[tokio::test]
async fn issuers_share_their_list() {
    let (issuer, store) = setting();
    let issuers = || {
        let list = Revocations::builder().shared(store.clone()).clock(SystemClock).build().unwrap();
        let verifier = issuer.verifier().audience(API).build().unwrap();
        let issuers = Issuers::builder().trust(verifier).revocations(list.clone()).build().unwrap();
        let app =
            Router::new().route("/", get("ok")).layer(AuthenticateLayer::bearer(issuers.clone()));
        (issuers, Replica { revocations: list, app })
    };
    let ((one, _), (_, other)) = (issuers(), issuers());
    let token = token(&issuer, "1");
    assert_eq!(other.status(&token).await, 200);
    one.revoke(&Revocation::subject("alice")).await.unwrap();
    other.until(|list| list.len() == 1).await;
    assert_eq!(other.status(&token).await, 401);
}

#[test]
fn a_list_goes_on_in_another_runtime_after_its_first_has_ended() {
    let (issuer, store) = setting();
    let replica = Replica::new(&issuer, &store, OutagePolicy::Reject);
    let token = token(&issuer, "1");
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            replica.revocations.warm_up().await.unwrap();
            assert_eq!(replica.status(&token).await, 200);
        });
        drop(runtime);
        assert!(!replica.revocations.readiness().is_current());
    }
}

#[tokio::test]
async fn the_task_ends_with_the_list() {
    let store = MemoryRevocationStore::new();
    let revocations = Revocations::builder().shared(store.clone()).build().unwrap();
    revocations.warm_up().await.unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert_eq!(tasks(), 1);
    drop(revocations);
    for _ in 0..1000 {
        if tasks() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the task goes on");
}
