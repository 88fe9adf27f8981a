//! Issuers that fail: what is served meanwhile, how often they are asked, and how it ends.

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
    protected, send,
    verdict::{ACCEPTED, DAY, UNAVAILABLE, outage, pass, seconds, verdict, verdict_at_once},
    with_token,
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

/// A client to `issuer` where only the addresses that end in `path` are at fault.
fn failing_at(issuer: &TestIssuer, path: &'static str, fault: Fault) -> TestClient {
    let failing = TestIssuer::named(issuer.issuer());
    failing.fail(fault);
    let (well, ill) = (issuer.http_client(), failing.http_client());
    TestClient::new(move |request| {
        let client = if request.uri().path().ends_with(path) { &ill } else { &well };
        client.send(request, usize::MAX)
    })
}

#[tokio::test(start_paused = true)]
async fn whatever_fails_at_discovery_or_at_the_key_set_is_503_at_first() {
    for fault in FAULTS {
        let issuer = TestIssuer::new();
        let token = token(&issuer);
        for at in ["/jwks", "/.well-known/openid-configuration"] {
            let builder = issuer.verifier().http_client(failing_at(&issuer, at, fault));
            let verifier = builder.audience(API).build().unwrap();
            let verdict = verdict(&verifier, &token).await;
            // The issuer has a second place for its metadata, unless it can't be reached at all.
            let out_of_reach = matches!(fault, Fault::Hang | Fault::Unreachable);
            let expected = if at == "/jwks" || out_of_reach { UNAVAILABLE } else { ACCEPTED };
            assert_eq!(verdict, expected, "{fault:?} at {at}");
        }
        issuer.fail(fault);
        let verifier = issuer.verifier().audience(API).build().unwrap();
        let retry_after = outage(&verifier, &token).await.retry_after();
        assert!(retry_after.is_some_and(|after| after <= seconds(1)), "{fault:?}: {retry_after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_starts_while_its_issuer_is_down_and_recovers_without_a_restart() {
    for fault in FAULTS {
        let issuer = TestIssuer::new();
        let token = token(&issuer);
        issuer.fail(fault);
        let verifier = issuer.verifier().audience(API).build().unwrap();
        for _ in 0..20 {
            assert_eq!(verdict(&verifier, &token).await, UNAVAILABLE, "{fault:?}");
            pass(&issuer.clock(), seconds(60)).await;
        }
        issuer.recover();
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn known_keys_go_on_through_every_fault_and_new_ones_follow_after_it() {
    for fault in FAULTS {
        let issuer = TestIssuer::new();
        let old = token(&issuer);
        let verifier = issuer.verifier().audience(API).build().unwrap();
        assert_eq!(verdict(&verifier, &old).await, ACCEPTED);
        issuer.fail(fault);
        issuer.rotate_keys(false);
        let new = token(&issuer);
        for _ in 0..24 {
            assert_eq!(verdict(&verifier, &old).await, ACCEPTED, "{fault:?}");
            assert_eq!(verdict(&verifier, &new).await, UNAVAILABLE, "{fault:?}");
            pass(&issuer.clock(), seconds(3600)).await;
        }
        issuer.recover();
        assert_eq!(verdict(&verifier, &new).await, ACCEPTED, "{fault:?}");
        assert!(verdict(&verifier, &old).await.is_err(), "{fault:?}: it was withdrawn");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_set_that_is_none_brings_no_key_and_replaces_no_good_one() {
    let issuer = TestIssuer::new();
    let token = token(&issuer);
    let set = issuer.jwk_set();
    let good: Value = serde_json::from_str(&set).unwrap();
    let key = &good["keys"][0];
    let with_length = |length: usize| set.clone() + &" ".repeat(length - set.len());
    let (json, html) = ("application/json", "text/html; charset=utf-8");
    for (what, content_type, body, good) in [
        ("a good set", json, set.clone(), true),
        ("a good set of its own type", "application/jwk-set+json", set.clone(), true),
        ("a hundred keys", json, json!({ "keys": vec![key; 100] }).to_string(), true),
        ("too many keys", json, json!({ "keys": vec![key; 101] }).to_string(), false),
        ("256 KiB", json, with_length(256 * 1024), true),
        ("a byte too much", json, with_length(256 * 1024 + 1), false),
        ("a web page by its type", html, set.clone(), false),
        ("a web page", html, "<!doctype html>".to_owned(), false),
        ("a web page as JSON", json, "<!doctype html>".to_owned(), false),
        ("an empty body", json, String::new(), false),
        ("a cut set", json, set[..set.len() - 1].to_owned(), false),
        ("an object", json, "{}".to_owned(), false),
        ("a set without keys", json, json!({ "keys": [] }).to_string(), false),
        ("keys that are none", json, json!({ "keys": {} }).to_string(), false),
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
        let experienced = verifier();
        assert_eq!(verdict(&experienced, &token).await, ACCEPTED);

        put(content_type, &body);
        let expected = if good { ACCEPTED } else { UNAVAILABLE };
        assert_eq!(verdict(&verifier(), &token).await, expected, "{what}");
        issuer.clock().advance(seconds(700));
        assert_eq!(verdict(&experienced, &token).await, ACCEPTED, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_are_followed_by_pauses_from_one_second_to_a_minute_with_jitter() {
    let issuer = TestIssuer::new();
    issuer.fail(Fault::Unreachable);
    let token = token(&issuer);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let verifier = issuer.verifier().jwks_uri(issuer.jwks_uri()).audience(API).build().unwrap();
        for (failure, longest) in
            [1, 2, 4, 8, 16, 32, 60, 60, 60].map(seconds).into_iter().enumerate()
        {
            let before = issuer.requests_to("/jwks");
            let pause = outage(&verifier, &token).await.retry_after().unwrap();
            assert!((longest / 2..=longest).contains(&pause), "failure {failure}: {pause:?}");
            pauses.push(pause.div_f64(longest.as_secs_f64()));

            // Until it is over nobody asks, and nobody waits.
            let end = issuer.clock().now() + pause;
            issuer.clock().set(end - Duration::from_millis(1));
            assert_eq!(verdict_at_once(&verifier, &token), Some(UNAVAILABLE));
            assert_eq!(issuer.requests_to("/jwks"), before + 1);
            issuer.clock().set(end);
        }
    }
    pauses.sort();
    pauses.dedup();
    assert!(pauses.len() > 8, "no jitter: {pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_success_ends_the_back_off() {
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
            assert_eq!(verdict(&verifier, &token).await, UNAVAILABLE);
        }
        issuer.recover();
        issuer.clock().advance(seconds(60));
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
        issuer.clock().advance(seconds(601));
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_good_keys_serve_for_a_day_after_their_time_or_as_long_as_is_configured() {
    for (tolerance, serves) in [
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
            assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
            issuer.fail(fault);
            let end = issuer.clock().now() + seconds(600) + serves;
            issuer.clock().set(end - seconds(1));
            assert_eq!(verdict(&verifier, &token).await, ACCEPTED, "{tolerance:?} {fault:?}");
            issuer.clock().set(end);
            assert_eq!(verdict(&verifier, &token).await, UNAVAILABLE, "{tolerance:?} {fault:?}");
            issuer.recover();
            issuer.clock().advance(seconds(60));
            assert_eq!(verdict(&verifier, &token).await, ACCEPTED, "{tolerance:?} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn once_an_outage_is_known_nobody_waits_for_a_key_that_is_known() {
    let issuer = TestIssuer::new();
    let token = token(&issuer);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
    issuer.fail(Fault::Hang);
    issuer.clock().advance(seconds(700));
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
    pass(&issuer.clock(), seconds(5)).await;
    for second in 0..1000 {
        assert_eq!(verdict_at_once(&verifier, &token), Some(ACCEPTED), "after {second} s");
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
    for (what, token, status) in [
        ("another issuer", token().claim("iss", json!("https://evil.example")).mint(), 401),
        ("another audience", token().audience("https://other.example").mint(), 401),
        ("no audience", token().without_claim("aud").mint(), 401),
        ("expired", token().claim("exp", json!(now - 60)).mint(), 401),
        ("not yet valid", token().claim("nbf", json!(now + 61)).mint(), 401),
        ("another type", token().header("typ", json!("dpop+jwt")).mint(), 401),
        ("no algorithm", token().header("alg", json!("none")).mint(), 401),
        ("no JWT", "opaque".to_owned(), 401),
        ("plausible", token().mint(), 503),
        ("plausible, in the pause", token().mint(), 503),
        ("expired, in the pause", token().claim("exp", json!(now - 60)).mint(), 401),
    ] {
        let answer = send(&app, with_token(&token)).await;
        assert_eq!(answer.status, status, "{what}");
        assert_eq!(answer.headers.contains_key("retry-after"), status == 503, "{what}");
        assert_eq!(answer.challenge().is_some(), status == 401, "{what}");
        let fetches = usize::from(what == "plausible" || what.ends_with("pause"));
        assert_eq!(issuer.requests_to("/.well-known/openid-configuration"), fetches, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_a_503_with_retry_after_that_tells_the_operator_alone_what_failed() {
    let issuer = TestIssuer::new();
    issuer.fail(Fault::Status(502));
    let answer = send(&protected(&issuer), with_token(&token(&issuer))).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(answer.challenge(), None);
    assert!(
        !answer.body.contains("issuer.test") && !answer.body.contains("502"),
        "{}",
        answer.body
    );
    let log = chain(&answer.error.unwrap());
    assert!(log.contains("issuer.test") && log.contains("502"), "{log}");
}

/// An error as an operator logs it: with all its sources.
fn chain(error: &Error) -> String {
    let first: &dyn std::error::Error = error;
    let sources = std::iter::successors(Some(first), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_turned_back_does_not_stretch_the_pause() {
    let issuer = TestIssuer::new();
    issuer.fail(Fault::Unreachable);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    for _ in 0..10 {
        assert_eq!(verdict(&verifier, &token(&issuer)).await, UNAVAILABLE);
        issuer.clock().advance(seconds(60));
    }
    assert_eq!(verdict(&verifier, &token(&issuer)).await, UNAVAILABLE);
    issuer.recover();
    let now = issuer.clock().now();
    issuer.clock().set(now - DAY);
    assert_eq!(verdict(&verifier, &token(&issuer)).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_turned_far_ahead_has_the_keys_fetched_again() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    assert_eq!(verdict(&verifier, &token(&issuer)).await, ACCEPTED);
    issuer.clock().advance(400 * DAY);
    let verifier: &JwtVerifier = &verifier;
    assert_eq!(verdict(verifier, &token(&issuer)).await, ACCEPTED);
    assert_eq!(issuer.requests_to("/jwks"), 2);
}
