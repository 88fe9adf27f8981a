//! How long responses are cached.

use std::time::Duration;

use portcullis::{
    ErrorKind,
    error::TokenFault,
    testing::{TestClock, TestIssuer},
};

use super::{builder_for, endpoint::Endpoint, is_ready, start, verify, verify_subject};
use crate::support::API;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn an_active_token_is_introspected_once_a_minute() {
    let (endpoint, clock) = (Endpoint::active(), TestClock::new());
    let verifier = builder_for(&endpoint).without_audience().clock(clock.clone()).build().unwrap();
    for (after, requests) in [(0, 1), (1, 1), (58, 1), (1, 2), (59, 2), (1, 3)] {
        clock.advance(SECOND * after);
        assert!(verify(&verifier, "alice").await.is_ok());
        assert_eq!(endpoint.requests(), requests);
    }
}

#[tokio::test]
async fn a_cached_response_is_ready_immediately() {
    let endpoint = Endpoint::active();
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    assert!(!is_ready(&start(&verifier, "alice")));
    verify(&verifier, "alice").await.unwrap();
    assert!(is_ready(&start(&verifier, "alice")));
    assert!(is_ready(&start(&verifier.clone(), "alice")));
    assert!(!is_ready(&start(&verifier, "bob")));
}

#[tokio::test]
async fn a_rejected_token_is_introspected_every_five_seconds() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let sent = || issuer.requests_to("/introspect");
    for (after, requests) in [(0, 1), (4, 1), (1, 2), (4, 2), (1, 3)] {
        issuer.clock().advance(SECOND * after);
        assert_eq!(verify_subject(&verifier, "unknown").await, Err(TokenFault::Inactive.into()));
        assert_eq!(sent(), requests);
    }
}

// Verifies rfc7662-4-cache.
#[tokio::test]
async fn a_cached_response_expires_with_its_token_without_leeway() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let token = issuer.token().audience(API).expires_in(SECOND * 30).mint_opaque();
    for second in [0, 29] {
        issuer.clock().advance(SECOND * second);
        assert!(verify(&verifier, &token).await.is_ok(), "after {second} s");
    }
    issuer.clock().advance(SECOND);
    let outcome = start(&verifier, &token);
    assert!(is_ready(&outcome));
    let error = outcome.wait().await.unwrap_err();
    assert_eq!(error.kind(), TokenFault::Expired.into());
    assert_eq!(issuer.requests_to("/introspect"), 1);
    // The server reports it as inactive from now on, but the cache still has its expiry.
    for _ in 0..10 {
        issuer.clock().advance(SECOND * 30);
        assert_eq!(verify_subject(&verifier, &token).await, Err(TokenFault::Expired.into()));
    }
}

#[tokio::test]
async fn a_token_is_accepted_once_its_nbf_is_reached() {
    let issuer = TestIssuer::new();
    let clock = issuer.clock();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let now = portcullis::Clock::now(&clock).duration_since(std::time::UNIX_EPOCH).unwrap();
    let nbf = serde_json::json!(now.as_secs() + 62);
    let token = issuer.token().audience(API).claim("nbf", nbf).mint_opaque();
    assert_eq!(verify_subject(&verifier, &token).await, Err(TokenFault::NotYetValid.into()));
    clock.advance(SECOND * 2);
    assert_eq!(verify_subject(&verifier, &token).await, Ok("alice".to_owned()));
}

// Verifies rfc7662-4-trade-off.
#[tokio::test]
async fn a_revoked_token_is_rejected_once_the_cached_response_expires() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).cache_for(SECOND * 10).build().unwrap();
    let token = issuer.token().audience(API).mint_opaque();
    assert!(verify(&verifier, &token).await.is_ok());
    issuer.revoke(&token);
    issuer.clock().advance(SECOND * 9);
    assert!(verify(&verifier, &token).await.is_ok());
    issuer.clock().advance(SECOND);
    assert_eq!(verify_subject(&verifier, &token).await, Err(TokenFault::Inactive.into()));
}

#[tokio::test]
async fn a_clock_set_back_does_not_extend_cached_responses() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let token = issuer.token().audience(API).mint_opaque();
    let start = portcullis::Clock::now(&issuer.clock());
    assert!(verify(&verifier, &token).await.is_ok());
    issuer.revoke(&token);
    issuer.clock().set(start - SECOND);
    assert_eq!(verify_subject(&verifier, &token).await, Err(TokenFault::Inactive.into()));
}

// Verifies rfc7662-4-trade-off.
#[tokio::test]
async fn with_a_cache_time_of_zero_each_request_is_introspected() {
    let endpoint = Endpoint::active();
    let verifier = builder_for(&endpoint)
        .without_audience()
        .cache_for(Duration::ZERO)
        .negative_cache_for(Duration::ZERO)
        .build()
        .unwrap();
    for requests in 1..=3 {
        assert!(verify(&verifier, "alice").await.is_ok());
        assert_eq!(endpoint.requests(), requests);
    }
}

#[tokio::test]
async fn unknown_tokens_evict_no_valid_one_from_the_cache() {
    let endpoint = Endpoint::new(|token| (200, format!(r#"{{"active":{}}}"#, token == "valid")));
    let verifier =
        builder_for(&endpoint).without_audience().cache_capacity(2).clock(TestClock::new()).build();
    let verifier = verifier.unwrap();
    assert!(verify(&verifier, "valid").await.is_ok());
    for token in 0..200 {
        let outcome = verify_subject(&verifier, &format!("unknown-{token}")).await;
        assert_eq!(outcome, Err(ErrorKind::from(TokenFault::Inactive)));
    }
    assert!(is_ready(&start(&verifier, "valid")));
}
