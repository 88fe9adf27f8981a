//! Concurrent and cancelled first requests of a tenant.

use std::sync::Arc;

use portcullis::{Error, Issuers, JwtVerifier, testing::Fault};
use tokio::{
    sync::Semaphore,
    task::{JoinHandle, JoinSet, yield_now},
};

use super::directory::{Directory, PATTERN};
use crate::support::outcome::verify_token;

/// A resolver that needs a permit from the test for each response.
fn gated(
    directory: &Directory,
    response: fn(JwtVerifier) -> Resolved,
) -> (Issuers, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let (resolver, gate_of_resolver) = (directory.clone(), Arc::clone(&gate));
    let issuers = directory.issuers_by(PATTERN, move |tenant| {
        let (verifier, gate_of_resolver) =
            (resolver.verifier(&tenant).build().unwrap(), Arc::clone(&gate_of_resolver));
        async move {
            gate_of_resolver.acquire().await.unwrap().forget();
            response(verifier)
        }
    });
    (issuers, gate)
}

type Resolved = Result<Option<JwtVerifier>, Error>;

/// Runs all tasks until they are idle.
async fn settle() {
    for _ in 0..1000 {
        yield_now().await;
    }
}

fn status(result: Result<portcullis::Identity, Error>) -> u16 {
    result.map_or_else(|error| error.status().as_u16(), |_| 200)
}

/// That many concurrent requests with a token of `name`.
fn concurrent_requests(
    directory: &Directory,
    issuers: &Issuers,
    name: &str,
    size: usize,
) -> JoinSet<u16> {
    let token = directory.token(name);
    let requests = (0..size).map(|_| (issuers.clone(), token.clone()));
    requests
        .map(|(issuers, token)| async move { status(verify_token(&issuers, &token).await) })
        .collect()
}

fn request(directory: &Directory, issuers: &Issuers, name: &str) -> JoinHandle<u16> {
    let (issuers, token) = (issuers.clone(), directory.token(name));
    tokio::spawn(async move { status(verify_token(&issuers, &token).await) })
}

#[tokio::test]
async fn concurrent_first_requests_resolve_and_fetch_once() {
    let directory = Directory::new(&["acme"]);
    let (issuers, gate) = gated(&directory, |verifier| Ok(Some(verifier)));
    let concurrent_requests = concurrent_requests(&directory, &issuers, "acme", 100);
    settle().await;
    assert_eq!((directory.resolutions(), directory.fetches()), (1, 0));

    gate.add_permits(1);
    assert_eq!(concurrent_requests.join_all().await, [200; 100]);
    assert_eq!((directory.resolutions(), directory.fetches()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_requests_on_several_threads_resolve_and_fetch_once() {
    for _ in 0..20 {
        let directory = Directory::new(&["acme"]);
        let issuers = directory.issuers();
        assert_eq!(
            concurrent_requests(&directory, &issuers, "acme", 100).join_all().await,
            [200; 100]
        );
        assert_eq!((directory.resolutions(), directory.fetches()), (1, 2));
    }
}

#[tokio::test]
async fn a_slow_resolution_does_not_delay_other_tenants() {
    let directory = Directory::new(&["acme", "umbrella"]);
    let resolver = directory.clone();
    let issuers = directory.issuers_by(PATTERN, move |tenant| {
        let verifier = resolver.verifier(&tenant).build().unwrap();
        async move {
            if tenant.name() == "acme" {
                std::future::pending::<()>().await;
            }
            Ok(Some(verifier))
        }
    });
    let waiting = request(&directory, &issuers, "acme");
    assert_eq!(request(&directory, &issuers, "umbrella").await.unwrap(), 200);
    assert!(!waiting.is_finished());
    waiting.abort();
}

#[tokio::test]
async fn a_waiting_request_takes_over_a_cancelled_resolution() {
    let directory = Directory::new(&["acme"]);
    let (issuers, gate) = gated(&directory, |verifier| Ok(Some(verifier)));
    let first = request(&directory, &issuers, "acme");
    settle().await;
    let concurrent_requests = concurrent_requests(&directory, &issuers, "acme", 100);
    settle().await;
    assert_eq!(directory.resolutions(), 1);

    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    settle().await;
    assert_eq!(directory.resolutions(), 2, "one of the waiting requests resolves the tenant");
    gate.add_permits(1);
    assert_eq!(concurrent_requests.join_all().await, [200; 100]);
    assert_eq!(directory.resolutions(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_cancelled_during_the_fetch_does_not_cancel_it() {
    let directory = Directory::new(&["acme"]);
    let issuers = directory.issuers();
    let acme = directory.tenant("acme");
    acme.fail(Fault::Hang);
    let first = request(&directory, &issuers, "acme");
    settle().await;
    assert_eq!((directory.resolutions(), directory.fetches()), (1, 1));
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());

    // The fetch continues without the request, and fails.
    assert_eq!(request(&directory, &issuers, "acme").await.unwrap(), 503);
    assert_eq!((directory.resolutions(), directory.fetches()), (1, 1));
}

#[tokio::test]
async fn concurrent_requests_of_an_unknown_tenant_are_rejected() {
    let directory = Directory::new(&["acme"]);
    let (issuers, gate) = gated(&directory, |_| Ok(None));
    let concurrent_requests = concurrent_requests(&directory, &issuers, "acme", 100);
    gate.add_permits(100);
    assert_eq!(concurrent_requests.join_all().await, [401; 100]);
    assert_eq!(directory.fetches(), 0);
}

#[tokio::test]
async fn requests_that_wait_for_a_failing_resolver_share_its_error() {
    let directory = Directory::new(&["acme"]);
    let (issuers, gate) = gated(&directory, |_| Err(Error::unavailable("the directory is down")));
    let concurrent_requests = concurrent_requests(&directory, &issuers, "acme", 100);
    settle().await;
    gate.add_permits(1);
    settle().await;
    let resolutions = directory.resolutions();
    gate.add_permits(100);
    assert_eq!(concurrent_requests.join_all().await, [503; 100]);
    assert_eq!(resolutions, 1, "only later requests call the resolver again");
}
