//! Keys from their fetch to the end of their time (RFC 9111 §4.2, RFC 9110 §13.1.2).

use http::{
    Response,
    header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH},
};
use portcullis::{
    Clock, JwtVerifier,
    testing::{Fault, TestClient, TestIssuer},
};
use tokio::time::Instant;

use crate::support::{
    API,
    verdict::{
        ACCEPTED, DAY, UNAVAILABLE, UNKNOWN_KEY, all_quiet, pass, seconds, verdict, verdict_at_once,
    },
    wire::Wire,
};

/// A verifier that asks for keys where they are, and a token that outlives every test.
fn set_up(issuer: &TestIssuer) -> (JwtVerifier, String) {
    let verifier = issuer.verifier().audience(API).jwks_uri(issuer.jwks_uri()).build().unwrap();
    (verifier, token(issuer))
}

fn token(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).expires_in(10 * DAY).mint()
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_again_once_four_fifths_of_their_freshness_are_over() {
    for (cache_control, freshness) in [
        (None, 600),
        (Some("max-age=300"), 300),
        (Some("public, max-age=7200, must-revalidate"), 7200),
        (Some("max-age=5"), 60),
        (Some("no-cache"), 60),
        (Some("no-store"), 60),
        (Some("max-age=31536000"), 86_400),
        (Some("max-age=soon"), 600),
        (Some("private"), 600),
    ] {
        let issuer = TestIssuer::new();
        if let Some(value) = cache_control {
            issuer.set_cache_control(value);
        }
        let (verifier, token) = set_up(&issuer);
        let clock = issuer.clock();
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED);

        clock.advance(seconds(freshness * 4 / 5 - 1));
        assert_eq!(verdict_at_once(&verifier, &token), Some(ACCEPTED), "{cache_control:?}");
        all_quiet().await;
        assert_eq!(issuer.requests_to("/jwks"), 1, "{cache_control:?}: a second too early");

        clock.advance(seconds(1));
        assert_eq!(verdict_at_once(&verifier, &token), Some(ACCEPTED), "{cache_control:?}");
        all_quiet().await;
        assert_eq!(issuer.requests_to("/jwks"), 2, "{cache_control:?}: in time");
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_nobody_asks_for_are_not_fetched_again() {
    let issuer = TestIssuer::new();
    let (verifier, token) = set_up(&issuer);
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
    issuer.clock().advance(5 * DAY);
    tokio::time::sleep(5 * DAY).await;
    assert_eq!(issuer.requests_to("/jwks"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_ahead_is_one_fetch_however_many_requests_there_are() {
    let issuer = TestIssuer::new();
    let wire = Wire::to(issuer.http_client());
    let verifier = issuer.verifier().http_client(wire.clone()).audience(API).build().unwrap();
    let token = token(&issuer);
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
    issuer.clock().advance(seconds(500));
    wire.hold();
    for _ in 0..100 {
        assert_eq!(verdict_at_once(&verifier, &token), Some(ACCEPTED));
        all_quiet().await;
    }
    assert_eq!(wire.requests_to("/jwks"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_hung_refresh_ahead_delays_no_request_whose_key_is_known() {
    let issuer = TestIssuer::new();
    let (verifier, token) = set_up(&issuer);
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
    issuer.fail(Fault::Hang);
    issuer.clock().advance(seconds(480));
    for second in 480..1000 {
        assert_eq!(verdict_at_once(&verifier, &token), Some(ACCEPTED), "{second}");
        pass(&issuer.clock(), seconds(1)).await;
    }
    assert!(issuer.requests_to("/jwks") > 2, "each fetch is given up, and followed by another");
}

#[tokio::test(start_paused = true)]
async fn keys_past_their_freshness_are_waited_for_one_second_at_most() {
    let issuer = TestIssuer::new();
    let (verifier, token) = set_up(&issuer);
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
    issuer.fail(Fault::Hang);
    issuer.clock().advance(seconds(600));
    let start = Instant::now();
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
    // The clock is paused, so this measures time-outs, not the machine.
    assert_eq!(start.elapsed(), seconds(1));
}

#[tokio::test(start_paused = true)]
async fn a_withdrawn_key_is_rejected_once_its_freshness_is_over() {
    // Seconds after the fetch, each a request with the withdrawn key, and what becomes of it.
    let cases: [&[(u64, bool)]; 4] = [
        &[(0, true), (479, true), (600, false)],
        &[(480, true), (481, false)],
        &[(599, true), (600, false)],
        &[(86_399, false)],
    ];
    for requests in cases {
        let issuer = TestIssuer::new();
        let (verifier, withdrawn) = set_up(&issuer);
        assert_eq!(verdict(&verifier, &withdrawn).await, ACCEPTED);
        issuer.rotate_keys(false);
        let new = token(&issuer);
        let start = issuer.clock().now();
        for &(second, accepted) in requests {
            issuer.clock().set(start + seconds(second));
            let expected = if accepted { ACCEPTED } else { UNKNOWN_KEY };
            assert_eq!(verdict(&verifier, &withdrawn).await, expected, "{second} of {requests:?}");
            all_quiet().await;
        }
        assert_eq!(verdict(&verifier, &new).await, ACCEPTED);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_set_is_asked_for_by_its_etag_and_is_fresh_again() {
    let issuer = TestIssuer::new();
    let wire = Wire::to(issuer.http_client());
    let verifier = issuer.verifier().http_client(wire.clone()).audience(API).build().unwrap();
    let token = token(&issuer);
    for fetches in 1..=4 {
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
        all_quiet().await;
        assert_eq!(wire.requests_to("/jwks"), fetches);
        issuer.clock().advance(seconds(480));
    }
    let asked = wire.asked().into_iter().filter(|asked| asked.uri == issuer.jwks_uri());
    let etags: Vec<_> = asked.map(|asked| asked.headers.get(IF_NONE_MATCH).cloned()).collect();
    assert_eq!(etags[0], None);
    assert!(etags[1].is_some());
    assert!(etags[1..].iter().all(|etag| *etag == etags[1]));

    issuer.rotate_keys(false);
    let new = self::token(&issuer);
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
    all_quiet().await;
    assert_eq!(verdict_at_once(&verifier, &new), Some(ACCEPTED), "a changed set has another etag");
}

#[tokio::test(start_paused = true)]
async fn a_304_renews_the_freshness_by_its_own_word_or_else_by_that_of_the_set() {
    for (word_of_304, freshness) in [(Some("max-age=100"), 100), (None, 7200)] {
        let issuer = TestIssuer::new();
        let jwks = issuer.clone();
        let wire = Wire::to(TestClient::new(move |request| {
            let known = request.headers().contains_key(IF_NONE_MATCH);
            let response = Response::builder().header(ETAG, "\"1\"");
            let response = match (known, word_of_304) {
                (false, _) => response.header(CACHE_CONTROL, "max-age=7200"),
                (true, Some(word)) => response.status(304).header(CACHE_CONTROL, word),
                (true, None) => response.status(304),
            };
            let body = if known { Vec::new() } else { jwks.jwk_set().into_bytes() };
            async move { Ok(response.body(body).unwrap()) }
        }));
        let verifier = issuer
            .verifier()
            .http_client(wire.clone())
            .jwks_uri(issuer.jwks_uri())
            .audience(API)
            .build()
            .unwrap();
        let token = token(&issuer);
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
        issuer.clock().advance(seconds(7200));
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
        assert_eq!(wire.requests_to("/jwks"), 2);

        issuer.clock().advance(seconds(freshness * 4 / 5 - 1));
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
        all_quiet().await;
        assert_eq!(wire.requests_to("/jwks"), 2, "{word_of_304:?}: a second too early");
        issuer.clock().advance(seconds(1));
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
        all_quiet().await;
        assert_eq!(wire.requests_to("/jwks"), 3, "{word_of_304:?}: in time");
    }
}

#[tokio::test(start_paused = true)]
async fn a_304_that_nobody_asked_for_is_no_key_set() {
    let issuer = TestIssuer::new();
    let (verifier, token) = set_up(&issuer);
    issuer.fail(Fault::Status(304));
    assert_eq!(verdict(&verifier, &token).await, UNAVAILABLE);
    issuer.recover();
    issuer.clock().advance(seconds(1));
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_turned_back_has_the_keys_fetched_again_and_nobody_waits() {
    for back in [seconds(1), seconds(3600), 400 * DAY] {
        let issuer = TestIssuer::new();
        let (verifier, token) = set_up(&issuer);
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
        let now = issuer.clock().now();
        issuer.clock().set(now - back);
        let token = self::token(&issuer);
        for _ in 0..10 {
            assert_eq!(verdict_at_once(&verifier, &token), Some(ACCEPTED));
            all_quiet().await;
        }
        assert_eq!(issuer.requests_to("/jwks"), 2, "{back:?}");
    }
}
