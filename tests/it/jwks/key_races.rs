//! Requests on several threads that look at the keys just before new ones land.

use std::time::Duration;

use portcullis::{Algorithm, JwtVerifier, SystemClock, testing::TestIssuer};
use tokio::task::JoinSet;

use crate::support::{
    API,
    verdict::{ACCEPTED, Verdict, verdict},
};

const ROUNDS: usize = 100;
const REQUESTS: usize = 64;

/// As many requests at once.
async fn crowd(verifier: &JwtVerifier, token: &str) -> Vec<Verdict> {
    let requests = (0..REQUESTS).map(|_| (verifier.clone(), token.to_owned()));
    let requests: JoinSet<_> =
        requests.map(|(verifier, token)| async move { verdict(&verifier, &token).await }).collect();
    requests.join_all().await
}

fn setting() -> (TestIssuer, JwtVerifier) {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    // Without a memory for tokens each request needs the keys.
    let verifier = issuer.verifier().audience(API).token_cache(0).build().unwrap();
    (issuer, verifier)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_that_land_while_a_request_finds_none_are_not_fetched_again() {
    for round in 0..ROUNDS {
        let (issuer, verifier) = setting();
        let token = issuer.token().audience(API).mint();
        assert_eq!(crowd(&verifier, &token).await, [ACCEPTED; REQUESTS]);
        assert_eq!(issuer.requests_to("/jwks"), 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_key_that_lands_while_a_request_looks_for_it_is_found() {
    let (issuer, verifier) = setting();
    for round in 0..ROUNDS {
        issuer.rotate_keys(false);
        issuer.clock().advance(Duration::from_secs(10));
        let token = issuer.token().audience(API).mint();
        assert_eq!(crowd(&verifier, &token).await, [ACCEPTED; REQUESTS], "round {round}");
        assert_eq!(issuer.requests_to("/jwks"), round + 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_that_began_before_the_keys_landed_does_not_take_them_for_the_future_s() {
    for round in 0..ROUNDS {
        let issuer = TestIssuer::new();
        issuer.publish(Algorithm::Es256);
        let verifier = issuer.verifier().audience(API).clock(SystemClock).build().unwrap();
        let token = issuer.token().audience(API).mint();
        for _ in 0..4 {
            assert_eq!(crowd(&verifier, &token).await, [ACCEPTED; REQUESTS]);
        }
        assert_eq!(issuer.requests_to("/jwks"), 1, "round {round}");
    }
}
