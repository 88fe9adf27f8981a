//! How long an answer is kept.

use std::time::Duration;

use portcullis::{
    ErrorKind, TokenFault,
    testing::{TestClock, TestIssuer},
};

use super::{asking, begin, endpoint::Endpoint, is_ready, judge, verify};
use crate::support::API;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn an_active_token_is_asked_about_once_a_minute() {
    let (endpoint, clock) = (Endpoint::naming(), TestClock::new());
    let verifier = asking(&endpoint).without_audience().clock(clock.clone()).build().unwrap();
    for (after, asked) in [(0, 1), (1, 1), (58, 1), (1, 2), (59, 2), (1, 3)] {
        clock.advance(SECOND * after);
        assert!(verify(&verifier, "alice").await.is_ok());
        assert_eq!(endpoint.asked(), asked);
    }
}

#[tokio::test]
async fn an_answer_that_is_kept_needs_no_wait() {
    let endpoint = Endpoint::naming();
    let verifier = asking(&endpoint).without_audience().build().unwrap();
    assert!(!is_ready(&begin(&verifier, "alice")));
    verify(&verifier, "alice").await.unwrap();
    assert!(is_ready(&begin(&verifier, "alice")));
    assert!(is_ready(&begin(&verifier.clone(), "alice")));
    assert!(!is_ready(&begin(&verifier, "bob")));
}

#[tokio::test]
async fn a_rejected_token_is_asked_about_every_five_seconds() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let asked = || issuer.requests_to("/introspect");
    for (after, requests) in [(0, 1), (4, 1), (1, 2), (4, 2), (1, 3)] {
        issuer.clock().advance(SECOND * after);
        assert_eq!(judge(&verifier, "made-up").await, Err(TokenFault::Inactive.into()));
        assert_eq!(asked(), requests);
    }
}

#[tokio::test]
async fn an_answer_ends_with_its_token_without_any_leeway() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let token = issuer.token().audience(API).expires_in(SECOND * 30).mint_opaque();
    for second in [0, 29] {
        issuer.clock().advance(SECOND * second);
        assert!(verify(&verifier, &token).await.is_ok(), "after {second} s");
    }
    issuer.clock().advance(SECOND);
    let verdict = begin(&verifier, &token);
    assert!(is_ready(&verdict));
    let error = verdict.wait().await.unwrap_err();
    assert_eq!(error.kind(), TokenFault::Expired.into());
    assert_eq!(issuer.requests_to("/introspect"), 1);
    // The server calls it inactive from now on; that it has expired is still known.
    for _ in 0..10 {
        issuer.clock().advance(SECOND * 30);
        assert_eq!(judge(&verifier, &token).await, Err(TokenFault::Expired.into()));
    }
}

#[tokio::test]
async fn a_token_whose_time_has_not_come_is_accepted_once_it_has() {
    let issuer = TestIssuer::new();
    let clock = issuer.clock();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let now = portcullis::Clock::now(&clock).duration_since(std::time::UNIX_EPOCH).unwrap();
    let begins = serde_json::json!(now.as_secs() + 62);
    let token = issuer.token().audience(API).claim("nbf", begins).mint_opaque();
    assert_eq!(judge(&verifier, &token).await, Err(TokenFault::NotYetValid.into()));
    clock.advance(SECOND * 2);
    assert_eq!(judge(&verifier, &token).await, Ok("alice".to_owned()));
}

#[tokio::test]
async fn a_revoked_token_is_rejected_once_the_answers_time_is_over() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).cache_for(SECOND * 10).build().unwrap();
    let token = issuer.token().audience(API).mint_opaque();
    assert!(verify(&verifier, &token).await.is_ok());
    issuer.revoke(&token);
    issuer.clock().advance(SECOND * 9);
    assert!(verify(&verifier, &token).await.is_ok());
    issuer.clock().advance(SECOND);
    assert_eq!(judge(&verifier, &token).await, Err(TokenFault::Inactive.into()));
}

#[tokio::test]
async fn a_clock_that_is_turned_back_makes_no_answer_last_longer() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let token = issuer.token().audience(API).mint_opaque();
    let start = portcullis::Clock::now(&issuer.clock());
    assert!(verify(&verifier, &token).await.is_ok());
    issuer.revoke(&token);
    issuer.clock().set(start - SECOND);
    assert_eq!(judge(&verifier, &token).await, Err(TokenFault::Inactive.into()));
}

#[tokio::test]
async fn with_no_time_to_keep_answers_each_request_asks() {
    let endpoint = Endpoint::naming();
    let verifier = asking(&endpoint)
        .without_audience()
        .cache_for(Duration::ZERO)
        .negative_cache_for(Duration::ZERO)
        .build()
        .unwrap();
    for asked in 1..=3 {
        assert!(verify(&verifier, "alice").await.is_ok());
        assert_eq!(endpoint.asked(), asked);
    }
}

#[tokio::test]
async fn a_flood_of_made_up_tokens_costs_no_good_one_its_place() {
    let endpoint = Endpoint::new(|token| (200, format!(r#"{{"active":{}}}"#, token == "good")));
    let verifier =
        asking(&endpoint).without_audience().cache_capacity(2).clock(TestClock::new()).build();
    let verifier = verifier.unwrap();
    assert!(verify(&verifier, "good").await.is_ok());
    for token in 0..200 {
        let verdict = judge(&verifier, &format!("made-up-{token}")).await;
        assert_eq!(verdict, Err(ErrorKind::from(TokenFault::Inactive)));
    }
    assert!(is_ready(&begin(&verifier, "good")));
}
