//! Readiness of a verifier.

use std::time::Duration;

use http::Response;
use portcullis::{
    Algorithm, JwtVerifier,
    testing::{Fault, TestClient, TestIssuer},
    verify::Readiness,
};

use crate::support::{API, outcome::verify_token};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn set_up() -> (TestIssuer, JwtVerifier, String) {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let token = issuer.token().audience(API).expires_in(seconds(10 * 86_400)).mint();
    (issuer, verifier, token)
}

/// Ready, keys, age, whether there is an error.
fn state(readiness: &Readiness) -> (bool, usize, Option<u64>, bool) {
    let age = readiness.age().map(|age| age.as_secs());
    (readiness.is_ready(), readiness.keys(), age, readiness.last_error().is_some())
}

#[tokio::test]
async fn readiness_reflects_the_keys_during_and_after_an_outage() {
    let (issuer, verifier, token) = set_up();
    let clock = issuer.clock();
    let now = || verifier.readiness();

    assert_eq!(now().issuer(), "https://issuer.test");
    assert_eq!(state(&now()), (false, 0, None, false), "no keys yet");
    assert_eq!(now().next_fetch(), Some(Duration::ZERO), "the first request fetches");

    verify_token(&verifier, &token).await.unwrap();
    assert_eq!(state(&now()), (true, 1, Some(0), false), "fetched");
    assert_eq!(now().next_fetch(), Some(seconds(480)), "at 80 % of 10 min");

    clock.advance(seconds(100));
    assert_eq!(state(&now()), (true, 1, Some(100), false), "the keys age");
    assert_eq!(now().next_fetch(), Some(seconds(380)));

    clock.advance(seconds(380));
    assert_eq!(now().next_fetch(), Some(Duration::ZERO), "the refresh is due");

    issuer.fail(Fault::Status(503));
    clock.advance(seconds(120));
    verify_token(&verifier, &token).await.unwrap();
    assert_eq!(state(&now()), (true, 1, Some(600), true), "an outage: the stale keys are used");
    assert!(now().last_error().unwrap().contains("503"), "{:?}", now().last_error());
    let backoff = now().next_fetch().unwrap();
    assert!(backoff > Duration::ZERO && backoff <= seconds(1), "{backoff:?}");

    clock.advance(seconds(86_399));
    assert_eq!(state(&now()), (true, 1, Some(86_999), true), "for a day");
    clock.advance(seconds(1));
    assert_eq!(state(&now()), (false, 1, Some(87_000), true), "for no longer than a day");
    assert_eq!(verify_token(&verifier, &token).await.unwrap_err().status(), 503);

    issuer.recover();
    clock.advance(seconds(60));
    verify_token(&verifier, &token).await.unwrap();
    assert_eq!(state(&now()), (true, 1, Some(0), false), "recovered");
}

#[tokio::test]
async fn readiness_shows_the_backoff_after_failures() {
    let (issuer, verifier, _) = set_up();
    issuer.fail(Fault::Unreachable);
    for longest in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        assert_eq!(verifier.warm_up().await.unwrap_err().status(), 503);
        let backoff = verifier.readiness().next_fetch().unwrap();
        let longest = seconds(longest);
        assert!(longest / 2 <= backoff && backoff <= longest, "{backoff:?} of {longest:?}");
        issuer.clock().advance(backoff);
        assert_eq!(verifier.readiness().next_fetch(), Some(Duration::ZERO));
    }
}

#[tokio::test]
async fn next_fetch_follows_cache_control_within_bounds() {
    for (cache_control, refresh) in
        [("max-age=3600", 2880), ("max-age=1", 48), ("no-store", 48), ("max-age=9999999", 69_120)]
    {
        let (issuer, verifier, _) = set_up();
        issuer.set_cache_control(cache_control);
        verifier.warm_up().await.unwrap();
        assert_eq!(verifier.readiness().next_fetch(), Some(seconds(refresh)), "{cache_control}");
    }
}

#[test]
fn configured_keys_are_ready_and_never_fetched() {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    let configured = issuer.verifier().audience(API).jwk_set(issuer.jwk_set());
    let configured = configured.hmac_secret(Algorithm::Hs256, issuer.hmac_secret(Algorithm::Hs256));
    let readiness = configured.build().unwrap().readiness();
    assert_eq!(state(&readiness), (true, 2, None, false));
    assert_eq!(readiness.next_fetch(), None);
}

#[tokio::test]
async fn a_key_set_without_a_usable_key_is_a_failed_fetch() {
    let client = TestClient::new(async |_| Ok(Response::new(br#"{"keys":[]}"#.to_vec())));
    let verifier = JwtVerifier::builder("https://issuer.test")
        .audience(API)
        .jwks_uri("https://issuer.test/jwks")
        .http_client(client)
        .build()
        .unwrap();
    assert_eq!(verifier.warm_up().await.unwrap_err().status(), 503);
    assert_eq!(state(&verifier.readiness()), (false, 0, None, true));
}
