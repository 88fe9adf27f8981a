//! Outages of issuers: which tokens are accepted meanwhile, how often fetches are retried, and recovery.

use std::time::Duration;

use http::Response;
use portcullis::{
    Clock, Error, JwtVerifier,
    http_client::HttpClient,
    testing::{Fault, TestClient, TestIssuer},
};
use serde_json::{Value, json};

use crate::support::{
    API,
    network::Network,
    outcome::{ACCEPTED, DAY, UNAVAILABLE, immediate_outcome, outage, outcome, pass, seconds},
    protected, send, with_token,
};

const FAULTS: [Fault; 10] = [
    Fault::Hang,
    Fault::Html,
    Fault::Huge,
    Fault::Garbage,
    Fault::Redirect,
    Fault::Status(204),
    Fault::Status(404),
    Fault::Status(500),
    Fault::Status(503),
    Fault::Unreachable,
];

fn token(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).expires_in(10 * DAY).mint()
}

/// A client of `issuer` for which only the addresses that end in `path` fail.
fn failing_at(issuer: &TestIssuer, path: &'static str, fault: Fault) -> TestClient {
    let failing = TestIssuer::named(issuer.issuer());
    failing.fail(fault);
    let (working, broken) = (issuer.http_client(), failing.http_client());
    TestClient::new(move |request| {
        let client = if request.uri().path().ends_with(path) { &broken } else { &working };
        client.send(request, usize::MAX)
    })
}

#[tokio::test(start_paused = true)]
async fn any_failure_of_the_first_discovery_or_key_fetch_is_503() {
    for fault in FAULTS {
        let issuer = TestIssuer::new();
        let token = token(&issuer);
        for at in ["/jwks", "/.well-known/openid-configuration"] {
            let builder = issuer.verifier().http_client(failing_at(&issuer, at, fault));
            let verifier = builder.audience(API).build().unwrap();
            let outcome = outcome(&verifier, &token).await;
            // The metadata has a second location, which is not tried if the issuer is unreachable.
            let unreachable = matches!(fault, Fault::Hang | Fault::Unreachable);
            let expected = if at == "/jwks" || unreachable { UNAVAILABLE } else { ACCEPTED };
            assert_eq!(outcome, expected, "{fault:?} at {at}");
        }
        issuer.fail(fault);
        let verifier = issuer.verifier().audience(API).build().unwrap();
        let retry_after = outage(&verifier, &token).await.retry_after();
        assert!(retry_after.is_some_and(|after| after <= seconds(1)), "{fault:?}: {retry_after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_recovers_from_an_outage_at_start_up() {
    for fault in FAULTS {
        let issuer = TestIssuer::new();
        let token = token(&issuer);
        issuer.fail(fault);
        let verifier = issuer.verifier().audience(API).build().unwrap();
        for _ in 0..20 {
            assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE, "{fault:?}");
            pass(&issuer.clock(), seconds(60)).await;
        }
        issuer.recover();
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn cached_keys_are_used_during_faults_and_new_ones_after_them() {
    for fault in FAULTS {
        let issuer = TestIssuer::new();
        let old = token(&issuer);
        let verifier = issuer.verifier().audience(API).build().unwrap();
        assert_eq!(outcome(&verifier, &old).await, ACCEPTED);
        issuer.fail(fault);
        issuer.rotate_keys(false);
        let new = token(&issuer);
        for _ in 0..24 {
            assert_eq!(outcome(&verifier, &old).await, ACCEPTED, "{fault:?}");
            assert_eq!(outcome(&verifier, &new).await, UNAVAILABLE, "{fault:?}");
            pass(&issuer.clock(), seconds(3600)).await;
        }
        issuer.recover();
        assert_eq!(outcome(&verifier, &new).await, ACCEPTED, "{fault:?}");
        assert!(outcome(&verifier, &old).await.is_err(), "{fault:?}: it was withdrawn");
    }
}

#[tokio::test(start_paused = true)]
async fn an_invalid_key_set_does_not_replace_a_valid_one() {
    let issuer = TestIssuer::new();
    let token = token(&issuer);
    let set = issuer.jwk_set();
    let valid: Value = serde_json::from_str(&set).unwrap();
    let key = &valid["keys"][0];
    let with_length = |length: usize| set.clone() + &" ".repeat(length - set.len());
    let (json, html) = ("application/json", "text/html; charset=utf-8");
    for (case, content_type, body, valid) in [
        ("a valid set", json, set.clone(), true),
        (
            "a valid set with the media type of key sets",
            "application/jwk-set+json",
            set.clone(),
            true,
        ),
        ("a hundred keys", json, json!({ "keys": vec![key; 100] }).to_string(), true),
        ("too many keys", json, json!({ "keys": vec![key; 101] }).to_string(), false),
        ("256 KiB", json, with_length(256 * 1024), true),
        ("a byte too much", json, with_length(256 * 1024 + 1), false),
        ("a web page by its type", html, set.clone(), false),
        ("a web page", html, "<!doctype html>".to_owned(), false),
        ("a web page as JSON", json, "<!doctype html>".to_owned(), false),
        ("an empty body", json, String::new(), false),
        ("a truncated set", json, set[..set.len() - 1].to_owned(), false),
        ("an object", json, "{}".to_owned(), false),
        ("a set without keys", json, json!({ "keys": [] }).to_string(), false),
        ("keys that are not an array", json, json!({ "keys": {} }).to_string(), false),
        ("a secret", json, json!({ "keys": [{ "kty": "oct", "k": "AA" }] }).to_string(), false),
        ("a set in a list", json, json!([[key]]).to_string(), false),
        ("a key", json, key.to_string(), false),
        ("an error", json, json!({ "error": "server_error" }).to_string(), false),
    ] {
        let network = Network::default();
        let verifier = || {
            let builder = issuer.verifier().http_client(network.client()).audience(API);
            builder.jwks_uri(issuer.jwks_uri()).build().unwrap()
        };
        let put = |content_type: &str, body: &str| {
            let response = Response::builder().header("content-type", content_type);
            network.put(&issuer.jwks_uri(), response.body(body.as_bytes().to_vec()).unwrap());
        };
        put(json, &set);
        let with_cached_keys = verifier();
        assert_eq!(outcome(&with_cached_keys, &token).await, ACCEPTED);

        put(content_type, &body);
        let expected = if valid { ACCEPTED } else { UNAVAILABLE };
        assert_eq!(outcome(&verifier(), &token).await, expected, "{case}");
        issuer.clock().advance(seconds(700));
        assert_eq!(outcome(&with_cached_keys, &token).await, ACCEPTED, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_backoff_grows_from_one_second_to_a_minute_with_jitter() {
    let issuer = TestIssuer::new();
    issuer.fail(Fault::Unreachable);
    let token = token(&issuer);
    let mut backoffs = Vec::new();
    for _ in 0..8 {
        let verifier = issuer.verifier().jwks_uri(issuer.jwks_uri()).audience(API).build().unwrap();
        for (failure, longest) in
            [1, 2, 4, 8, 16, 32, 60, 60, 60].map(seconds).into_iter().enumerate()
        {
            let before = issuer.requests_to("/jwks");
            let backoff = outage(&verifier, &token).await.retry_after().unwrap();
            assert!((longest / 2..=longest).contains(&backoff), "failure {failure}: {backoff:?}");
            backoffs.push(backoff.div_f64(longest.as_secs_f64()));

            // During the backoff, there is no fetch and no request waits.
            let end = issuer.clock().now() + backoff;
            issuer.clock().set(end - Duration::from_millis(1));
            assert_eq!(immediate_outcome(&verifier, &token), Some(UNAVAILABLE));
            assert_eq!(issuer.requests_to("/jwks"), before + 1);
            issuer.clock().set(end);
        }
    }
    backoffs.sort();
    backoffs.dedup();
    assert!(backoffs.len() > 8, "no jitter: {backoffs:?}");
}

#[tokio::test(start_paused = true)]
async fn a_successful_fetch_resets_the_backoff() {
    let issuer = TestIssuer::new();
    let token = token(&issuer);
    let verifier =
        issuer.verifier().audience(API).outage_tolerance(Duration::ZERO).build().unwrap();
    for _ in 0..3 {
        issuer.fail(Fault::Unreachable);
        let first = outage(&verifier, &token).await.retry_after().unwrap();
        assert!(first <= seconds(1));
        for _ in 0..10 {
            issuer.clock().advance(seconds(60));
            assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE);
        }
        issuer.recover();
        issuer.clock().advance(seconds(60));
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
        issuer.clock().advance(seconds(601));
    }
}

#[tokio::test(start_paused = true)]
async fn stale_keys_are_used_for_the_outage_tolerance() {
    for (tolerance, usable_for) in [
        (None, DAY),
        (Some(seconds(3600)), seconds(3600)),
        (Some(3 * DAY), 3 * DAY),
        (Some(Duration::ZERO), Duration::ZERO),
    ] {
        for fault in [Fault::Unreachable, Fault::Hang] {
            let issuer = TestIssuer::new();
            let token = token(&issuer);
            let builder = issuer.verifier().audience(API);
            let builder = match tolerance {
                Some(tolerance) => builder.outage_tolerance(tolerance),
                None => builder,
            };
            let verifier = builder.build().unwrap();
            assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
            issuer.fail(fault);
            let end = issuer.clock().now() + seconds(600) + usable_for;
            issuer.clock().set(end - seconds(1));
            assert_eq!(outcome(&verifier, &token).await, ACCEPTED, "{tolerance:?} {fault:?}");
            issuer.clock().set(end);
            assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE, "{tolerance:?} {fault:?}");
            issuer.recover();
            issuer.clock().advance(seconds(60));
            assert_eq!(outcome(&verifier, &token).await, ACCEPTED, "{tolerance:?} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn requests_do_not_wait_for_stale_keys_in_a_known_outage() {
    let issuer = TestIssuer::new();
    let token = token(&issuer);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    issuer.fail(Fault::Hang);
    issuer.clock().advance(seconds(700));
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    pass(&issuer.clock(), seconds(5)).await;
    for second in 0..1000 {
        assert_eq!(immediate_outcome(&verifier, &token), Some(ACCEPTED), "after {second} s");
        pass(&issuer.clock(), seconds(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_token_that_could_be_valid_is_503() {
    let issuer = TestIssuer::new();
    issuer.fail(Fault::Unreachable);
    let app = protected(&issuer);
    let token = || issuer.token().audience(API);
    let now = issuer.clock().now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for (case, token, status) in [
        ("another issuer", token().claim("iss", json!("https://evil.example")).mint(), 401),
        ("another audience", token().audience("https://other.example").mint(), 401),
        ("no audience", token().without_claim("aud").mint(), 401),
        ("expired", token().claim("exp", json!(now - 60)).mint(), 401),
        ("not yet valid", token().claim("nbf", json!(now + 61)).mint(), 401),
        ("another type", token().header("typ", json!("dpop+jwt")).mint(), 401),
        ("no algorithm", token().header("alg", json!("none")).mint(), 401),
        ("no JWT", "opaque".to_owned(), 401),
        ("possibly valid", token().mint(), 503),
        ("possibly valid, during the backoff", token().mint(), 503),
        ("expired, during the backoff", token().claim("exp", json!(now - 60)).mint(), 401),
    ] {
        let response = send(&app, with_token(&token)).await;
        assert_eq!(response.status, status, "{case}");
        assert_eq!(response.headers.contains_key("retry-after"), status == 503, "{case}");
        assert_eq!(response.challenge().is_some(), status == 401, "{case}");
        let fetches = usize::from(case == "possibly valid" || case.ends_with("backoff"));
        assert_eq!(issuer.requests_to("/.well-known/openid-configuration"), fetches, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_503_with_retry_after_and_a_cause_in_the_log() {
    let issuer = TestIssuer::new();
    issuer.fail(Fault::Status(502));
    let response = send(&protected(&issuer), with_token(&token(&issuer))).await;
    assert_eq!(response.status, 503);
    assert_eq!(response.headers["retry-after"], "1");
    assert_eq!(response.challenge(), None);
    assert!(
        !response.body.contains("issuer.test") && !response.body.contains("502"),
        "{}",
        response.body
    );
    let log = with_sources(&response.error.unwrap());
    assert!(log.contains("issuer.test") && log.contains("502"), "{log}");
}

/// An error with all its sources, as it is logged.
fn with_sources(error: &Error) -> String {
    let first: &dyn std::error::Error = error;
    let sources = std::iter::successors(Some(first), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_does_not_extend_the_backoff() {
    let issuer = TestIssuer::new();
    issuer.fail(Fault::Unreachable);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    for _ in 0..10 {
        assert_eq!(outcome(&verifier, &token(&issuer)).await, UNAVAILABLE);
        issuer.clock().advance(seconds(60));
    }
    assert_eq!(outcome(&verifier, &token(&issuer)).await, UNAVAILABLE);
    issuer.recover();
    let now = issuer.clock().now();
    issuer.clock().set(now - DAY);
    assert_eq!(outcome(&verifier, &token(&issuer)).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_far_ahead_causes_a_fetch() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    assert_eq!(outcome(&verifier, &token(&issuer)).await, ACCEPTED);
    issuer.clock().advance(400 * DAY);
    let verifier: &JwtVerifier = &verifier;
    assert_eq!(outcome(verifier, &token(&issuer)).await, ACCEPTED);
    assert_eq!(issuer.requests_to("/jwks"), 2);
}
