//! Freshness and refresh of keys (RFC 9111 §4.2, RFC 9110 §13.1.2).

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
    outcome::{
        ACCEPTED, DAY, UNAVAILABLE, UNKNOWN_KEY, immediate_outcome, outcome, pass, run_until_idle,
        seconds,
    },
    wire::Wire,
};

/// A verifier with a fixed `jwks_uri`, and a token that doesn't expire during a test.
fn set_up(issuer: &TestIssuer) -> (JwtVerifier, String) {
    let verifier = issuer.verifier().audience(API).jwks_uri(issuer.jwks_uri()).build().unwrap();
    (verifier, token(issuer))
}

fn token(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).expires_in(10 * DAY).mint()
}

#[tokio::test(start_paused = true)]
async fn keys_are_refreshed_after_four_fifths_of_their_freshness() {
    for (cache_control, freshness) in [
        (None, 600),
        (Some("max-age=300"), 300),
        (Some("public, max-age=7200, must-revalidate"), 7200),
        (Some("max-age=5"), 60),
        (Some("no-cache"), 60),
        (Some("no-store"), 60),
        (Some("max-age=31536000"), 86_400),
        (Some("max-age=soon"), 600),
        (Some("max-age=99999999999999999999"), 86_400),
        (Some("max-age=120, max-age=7200"), 120),
        (Some("private=\"a, max-age=120\""), 600),
        (Some("private"), 600),
    ] {
        let issuer = TestIssuer::new();
        if let Some(value) = cache_control {
            issuer.set_cache_control(value);
        }
        let (verifier, token) = set_up(&issuer);
        let clock = issuer.clock();
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);

        clock.advance(seconds(freshness * 4 / 5 - 1));
        assert_eq!(immediate_outcome(&verifier, &token), Some(ACCEPTED), "{cache_control:?}");
        run_until_idle().await;
        assert_eq!(issuer.requests_to("/jwks"), 1, "{cache_control:?}: a second too early");

        clock.advance(seconds(1));
        assert_eq!(immediate_outcome(&verifier, &token), Some(ACCEPTED), "{cache_control:?}");
        run_until_idle().await;
        assert_eq!(issuer.requests_to("/jwks"), 2, "{cache_control:?}: in time");
    }
}

#[tokio::test(start_paused = true)]
async fn unused_keys_are_not_refreshed() {
    let issuer = TestIssuer::new();
    let (verifier, token) = set_up(&issuer);
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    issuer.clock().advance(5 * DAY);
    tokio::time::sleep(5 * DAY).await;
    assert_eq!(issuer.requests_to("/jwks"), 1);
}

#[tokio::test(start_paused = true)]
async fn concurrent_requests_share_one_refresh() {
    let issuer = TestIssuer::new();
    let wire = Wire::to(issuer.http_client());
    let verifier = issuer.verifier().http_client(wire.clone()).audience(API).build().unwrap();
    let token = token(&issuer);
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    issuer.clock().advance(seconds(500));
    wire.hold();
    for _ in 0..100 {
        assert_eq!(immediate_outcome(&verifier, &token), Some(ACCEPTED));
        run_until_idle().await;
    }
    assert_eq!(wire.requests_to("/jwks"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_refresh_delays_no_request_with_a_cached_key() {
    let issuer = TestIssuer::new();
    let (verifier, token) = set_up(&issuer);
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    issuer.fail(Fault::Hang);
    issuer.clock().advance(seconds(480));
    for second in 480..1000 {
        assert_eq!(immediate_outcome(&verifier, &token), Some(ACCEPTED), "{second}");
        pass(&issuer.clock(), seconds(1)).await;
    }
    assert!(issuer.requests_to("/jwks") > 2, "each fetch times out, and another one starts");
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_at_most_one_second_for_stale_keys() {
    let issuer = TestIssuer::new();
    let (verifier, token) = set_up(&issuer);
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    issuer.fail(Fault::Hang);
    issuer.clock().advance(seconds(600));
    let start = Instant::now();
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    // The clock is paused, so this measures time-outs, not the machine.
    assert_eq!(start.elapsed(), seconds(1));
}

#[tokio::test(start_paused = true)]
async fn a_withdrawn_key_is_rejected_once_the_set_is_stale() {
    // Seconds after the fetch at which a request uses the withdrawn key, and whether it is accepted.
    let cases: [&[(u64, bool)]; 4] = [
        &[(0, true), (479, true), (600, false)],
        &[(480, true), (481, false)],
        &[(599, true), (600, false)],
        &[(86_399, false)],
    ];
    for requests in cases {
        let issuer = TestIssuer::new();
        let (verifier, withdrawn) = set_up(&issuer);
        assert_eq!(outcome(&verifier, &withdrawn).await, ACCEPTED);
        issuer.rotate_keys(false);
        let new = token(&issuer);
        let start = issuer.clock().now();
        for &(second, accepted) in requests {
            issuer.clock().set(start + seconds(second));
            let expected = if accepted { ACCEPTED } else { UNKNOWN_KEY };
            assert_eq!(outcome(&verifier, &withdrawn).await, expected, "{second} of {requests:?}");
            run_until_idle().await;
        }
        assert_eq!(outcome(&verifier, &new).await, ACCEPTED);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_set_is_revalidated_with_its_etag() {
    let issuer = TestIssuer::new();
    let wire = Wire::to(issuer.http_client());
    let verifier = issuer.verifier().http_client(wire.clone()).audience(API).build().unwrap();
    let token = token(&issuer);
    for fetches in 1..=4 {
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
        run_until_idle().await;
        assert_eq!(wire.requests_to("/jwks"), fetches);
        issuer.clock().advance(seconds(480));
    }
    let requests = wire.requests().into_iter().filter(|request| request.uri == issuer.jwks_uri());
    let etags: Vec<_> =
        requests.map(|request| request.headers.get(IF_NONE_MATCH).cloned()).collect();
    assert_eq!(etags[0], None);
    assert!(etags[1].is_some());
    assert!(etags[1..].iter().all(|etag| *etag == etags[1]));

    issuer.rotate_keys(false);
    let new = self::token(&issuer);
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    run_until_idle().await;
    assert_eq!(
        immediate_outcome(&verifier, &new),
        Some(ACCEPTED),
        "a changed set has another ETag"
    );
}

#[tokio::test(start_paused = true)]
async fn a_304_renews_the_freshness_by_its_own_cache_control_if_any() {
    for (cache_control_of_304, freshness) in [(Some("max-age=100"), 100), (None, 7200)] {
        let issuer = TestIssuer::new();
        let jwks = issuer.clone();
        let wire = Wire::to(TestClient::new(move |request| {
            let conditional = request.headers().contains_key(IF_NONE_MATCH);
            let response = Response::builder().header(ETAG, "\"1\"");
            let response = match (conditional, cache_control_of_304) {
                (false, _) => response.header(CACHE_CONTROL, "max-age=7200"),
                (true, Some(value)) => response.status(304).header(CACHE_CONTROL, value),
                (true, None) => response.status(304),
            };
            let body = if conditional { Vec::new() } else { jwks.jwk_set().into_bytes() };
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
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
        issuer.clock().advance(seconds(7200));
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
        assert_eq!(wire.requests_to("/jwks"), 2);

        issuer.clock().advance(seconds(freshness * 4 / 5 - 1));
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
        run_until_idle().await;
        assert_eq!(wire.requests_to("/jwks"), 2, "{cache_control_of_304:?}: a second too early");
        issuer.clock().advance(seconds(1));
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
        run_until_idle().await;
        assert_eq!(wire.requests_to("/jwks"), 3, "{cache_control_of_304:?}: in time");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unrequested_304_is_a_failed_fetch() {
    let issuer = TestIssuer::new();
    let (verifier, token) = set_up(&issuer);
    issuer.fail(Fault::Status(304));
    assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE);
    issuer.recover();
    issuer.clock().advance(seconds(1));
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_causes_a_refresh_without_waiting() {
    for back in [seconds(1), seconds(3600), 400 * DAY] {
        let issuer = TestIssuer::new();
        let (verifier, token) = set_up(&issuer);
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
        let now = issuer.clock().now();
        issuer.clock().set(now - back);
        let token = self::token(&issuer);
        for _ in 0..10 {
            assert_eq!(immediate_outcome(&verifier, &token), Some(ACCEPTED));
            run_until_idle().await;
        }
        assert_eq!(issuer.requests_to("/jwks"), 2, "{back:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_second_back_is_no_reason_for_a_refresh() {
    for (back, requests) in [(500, 1), (501, 2)] {
        let issuer = TestIssuer::new();
        let (verifier, token) = set_up(&issuer);
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
        let now = issuer.clock().now();
        issuer.clock().set(now - std::time::Duration::from_millis(back));
        assert_eq!(outcome(&verifier, &self::token(&issuer)).await, ACCEPTED);
        run_until_idle().await;
        assert_eq!(issuer.requests_to("/jwks"), requests, "{back}");
    }
}
