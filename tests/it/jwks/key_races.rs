//! Races between requests on several threads and the end of a fetch.

use std::time::Duration;

use portcullis::{Algorithm, JwtVerifier, clock::SystemClock, testing::TestIssuer};
use tokio::task::JoinSet;

use crate::support::{
    API,
    outcome::{ACCEPTED, Outcome, outcome},
};

const ROUNDS: usize = 100;
const REQUESTS: usize = 64;

/// Verifies the token in [`REQUESTS`] concurrent requests.
async fn verify_concurrently(verifier: &JwtVerifier, token: &str) -> Vec<Outcome> {
    let requests = (0..REQUESTS).map(|_| (verifier.clone(), token.to_owned()));
    let requests: JoinSet<_> =
        requests.map(|(verifier, token)| async move { outcome(&verifier, &token).await }).collect();
    requests.join_all().await
}

fn set_up() -> (TestIssuer, JwtVerifier) {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    // Without a cache for tokens, each request needs the keys.
    let verifier = issuer.verifier().audience(API).token_cache(0).build().unwrap();
    (issuer, verifier)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_that_race_with_the_first_fetch_start_no_second_one() {
    for round in 0..ROUNDS {
        let (issuer, verifier) = set_up();
        let token = issuer.token().audience(API).mint();
        assert_eq!(verify_concurrently(&verifier, &token).await, [ACCEPTED; REQUESTS]);
        assert_eq!(issuer.requests_to("/jwks"), 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_that_race_with_a_refetch_find_the_new_key() {
    let (issuer, verifier) = set_up();
    for round in 0..ROUNDS {
        issuer.rotate_keys(false);
        issuer.clock().advance(Duration::from_secs(10));
        let token = issuer.token().audience(API).mint();
        assert_eq!(
            verify_concurrently(&verifier, &token).await,
            [ACCEPTED; REQUESTS],
            "round {round}"
        );
        assert_eq!(issuer.requests_to("/jwks"), round + 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_older_than_the_fetch_does_not_refetch() {
    for round in 0..ROUNDS {
        let issuer = TestIssuer::new();
        issuer.publish(Algorithm::Es256);
        let verifier = issuer.verifier().audience(API).clock(SystemClock).build().unwrap();
        let token = issuer.token().audience(API).mint();
        for _ in 0..4 {
            assert_eq!(verify_concurrently(&verifier, &token).await, [ACCEPTED; REQUESTS]);
        }
        assert_eq!(issuer.requests_to("/jwks"), 1, "round {round}");
    }
}
