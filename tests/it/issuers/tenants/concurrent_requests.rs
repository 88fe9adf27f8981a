//! Many first requests at once, and first requests that are given up.

use std::sync::Arc;

use portcullis::{Error, Issuers, JwtVerifier, testing::Fault};
use tokio::{
    sync::Semaphore,
    task::{JoinHandle, JoinSet, yield_now},
};

use super::directory::{Directory, PATTERN};
use crate::support::verdict::judge;

/// A resolver that gives no answer before the test opens the gate, once for each answer.
fn gated(directory: &Directory, answer: fn(JwtVerifier) -> Answer) -> (Issuers, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let (resolver, closed) = (directory.clone(), Arc::clone(&gate));
    let issuers = directory.issuers_by(PATTERN, move |tenant| {
        let (verifier, closed) = (resolver.verifier(&tenant).build().unwrap(), Arc::clone(&closed));
        async move {
            closed.acquire().await.unwrap().forget();
            answer(verifier)
        }
    });
    (issuers, gate)
}

type Answer = Result<Option<JwtVerifier>, Error>;

/// Lets every task run until it waits for something.
async fn settle() {
    for _ in 0..1000 {
        yield_now().await;
    }
}

fn status(judged: Result<portcullis::Identity, Error>) -> u16 {
    judged.map_or_else(|error| error.status().as_u16(), |_| 200)
}

/// That many requests with a token of `name`, all under way at the same time.
fn crowd(directory: &Directory, issuers: &Issuers, name: &str, size: usize) -> JoinSet<u16> {
    let token = directory.token(name);
    let requests = (0..size).map(|_| (issuers.clone(), token.clone()));
    requests.map(|(issuers, token)| async move { status(judge(&issuers, &token).await) }).collect()
}

fn request(directory: &Directory, issuers: &Issuers, name: &str) -> JoinHandle<u16> {
    let (issuers, token) = (issuers.clone(), directory.token(name));
    tokio::spawn(async move { status(judge(&issuers, &token).await) })
}

#[tokio::test]
async fn a_hundred_first_requests_at_once_ask_for_their_tenant_once_and_fetch_once() {
    let directory = Directory::new(&["acme"]);
    let (issuers, gate) = gated(&directory, |verifier| Ok(Some(verifier)));
    let crowd = crowd(&directory, &issuers, "acme", 100);
    settle().await;
    assert_eq!((directory.asked(), directory.fetches()), (1, 0));

    gate.add_permits(1);
    assert_eq!(crowd.join_all().await, [200; 100]);
    assert_eq!((directory.asked(), directory.fetches()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_do_they_on_several_threads() {
    for _ in 0..20 {
        let directory = Directory::new(&["acme"]);
        let issuers = directory.issuers();
        assert_eq!(crowd(&directory, &issuers, "acme", 100).join_all().await, [200; 100]);
        assert_eq!((directory.asked(), directory.fetches()), (1, 2));
    }
}

#[tokio::test]
async fn a_tenant_that_is_slow_to_be_found_holds_up_no_other() {
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
async fn a_first_request_that_is_given_up_while_the_resolver_thinks_is_followed_by_the_next() {
    let directory = Directory::new(&["acme"]);
    let (issuers, gate) = gated(&directory, |verifier| Ok(Some(verifier)));
    let first = request(&directory, &issuers, "acme");
    settle().await;
    let crowd = crowd(&directory, &issuers, "acme", 100);
    settle().await;
    assert_eq!(directory.asked(), 1);

    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    settle().await;
    assert_eq!(directory.asked(), 2, "one of those who wait takes its place");
    gate.add_permits(1);
    assert_eq!(crowd.join_all().await, [200; 100]);
    assert_eq!(directory.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_first_request_that_is_given_up_while_keys_are_fetched_spoils_nothing() {
    let directory = Directory::new(&["acme"]);
    let issuers = directory.issuers();
    let acme = directory.tenant("acme");
    acme.fail(Fault::Hang);
    let first = request(&directory, &issuers, "acme");
    settle().await;
    assert_eq!((directory.asked(), directory.fetches()), (1, 1));
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());

    // The fetch goes on without it, and fails.
    assert_eq!(request(&directory, &issuers, "acme").await.unwrap(), 503);
    assert_eq!((directory.asked(), directory.fetches()), (1, 1));
}

#[tokio::test]
async fn a_hundred_requests_for_an_unknown_tenant_are_all_rejected() {
    let directory = Directory::new(&["acme"]);
    let (issuers, gate) = gated(&directory, |_| Ok(None));
    let crowd = crowd(&directory, &issuers, "acme", 100);
    gate.add_permits(100);
    assert_eq!(crowd.join_all().await, [401; 100]);
    assert_eq!(directory.fetches(), 0);
}

#[tokio::test]
async fn those_who_wait_for_a_resolver_that_fails_share_its_failure() {
    let directory = Directory::new(&["acme"]);
    let (issuers, gate) = gated(&directory, |_| Err(Error::unavailable("the directory is down")));
    let crowd = crowd(&directory, &issuers, "acme", 100);
    settle().await;
    gate.add_permits(1);
    settle().await;
    let asked = directory.asked();
    gate.add_permits(100);
    assert_eq!(crowd.join_all().await, [503; 100]);
    assert_eq!(asked, 1, "the resolver is asked again only for those who come later");
}
