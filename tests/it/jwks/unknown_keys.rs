//! Tokens whose `kid` is not in the cached set: new keys after a rotation, and `kid`s that don't exist.

use portcullis::{
    Clock, JwtVerifier,
    testing::{Fault, TestIssuer},
};
use serde_json::json;

use crate::support::{
    API,
    outcome::{
        ACCEPTED, DAY, Outcome, UNAVAILABLE, UNKNOWN_KEY, immediate_outcome, outage, outcome, pass,
        run_until_idle, seconds,
    },
    wire::Wire,
};

/// A verifier that has the issuer's keys, and a token that it accepts.
async fn set_up(issuer: &TestIssuer) -> (JwtVerifier, Wire, String) {
    let wire = Wire::to(issuer.http_client());
    let verifier = issuer.verifier().http_client(wire.clone()).audience(API).build().unwrap();
    let token = token(issuer);
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    (verifier, wire, token)
}

fn token(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).expires_in(10 * DAY).mint()
}

/// A token with a `kid` that doesn't exist.
fn unknown_kid(issuer: &TestIssuer, kid: &str) -> String {
    issuer.token().audience(API).expires_in(10 * DAY).header("kid", json!(kid)).mint()
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_accepted_on_its_first_request() {
    // This also holds right after start-up, because the first fetch starts no cooldown.
    for (seconds_after_start, keep_old) in [(0, true), (0, false), (1, true), (300, false)] {
        let issuer = TestIssuer::new();
        let (verifier, wire, old) = set_up(&issuer).await;
        issuer.clock().advance(seconds(seconds_after_start));
        issuer.rotate_keys(keep_old);
        assert_eq!(outcome(&verifier, &token(&issuer)).await, ACCEPTED);
        let old_now = if keep_old { ACCEPTED } else { UNKNOWN_KEY };
        assert_eq!(outcome(&verifier, &old).await, old_now);
        assert_eq!(wire.requests_to("/jwks"), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_a_new_key_even_if_the_set_is_stale() {
    let issuer = TestIssuer::new();
    let (verifier, wire, _) = set_up(&issuer).await;
    issuer.rotate_keys(true);
    let new = token(&issuer);
    issuer.clock().advance(seconds(700));
    wire.hold();
    let waiting = tokio::spawn(async move { outcome(&verifier, &new).await });
    // Longer than a request with a cached key waits.
    tokio::time::sleep(seconds(3)).await;
    wire.release();
    assert_eq!(waiting.await.unwrap(), ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn there_is_one_refetch_per_cooldown_of_ten_seconds() {
    let issuer = TestIssuer::new();
    let (verifier, wire, token) = set_up(&issuer).await;
    for second in 0..100 {
        assert_eq!(outcome(&verifier, &unknown_kid(&issuer, "unknown")).await, UNKNOWN_KEY);
        assert_eq!(wire.requests_to("/jwks"), 2 + second / 10, "after {second} s");
        assert_eq!(immediate_outcome(&verifier, &token), Some(ACCEPTED));
        pass(&issuer.clock(), seconds(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_request_waits_during_the_cooldown() {
    let issuer = TestIssuer::new();
    let (verifier, _, _) = set_up(&issuer).await;
    let unknown_kid = unknown_kid(&issuer, "unknown");
    assert_eq!(immediate_outcome(&verifier, &unknown_kid), None);
    run_until_idle().await;
    assert_eq!(immediate_outcome(&verifier, &unknown_kid), Some(UNKNOWN_KEY));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_kid_is_503_in_the_cooldown_of_a_failed_refetch() {
    let issuer = TestIssuer::new();
    let (verifier, wire, old) = set_up(&issuer).await;
    issuer.rotate_keys(true);
    let new = token(&issuer);
    issuer.fail(Fault::Status(500));
    for second in 0..10 {
        assert_eq!(outcome(&verifier, &new).await, UNAVAILABLE, "after {second} s");
        assert!(outage(&verifier, &new).await.retry_after().unwrap() <= seconds(10 - second));
        assert_eq!(immediate_outcome(&verifier, &old), Some(ACCEPTED), "after {second} s");
        assert_eq!(wire.requests_to("/jwks"), 2, "after {second} s");
        pass(&issuer.clock(), seconds(1)).await;
    }
    issuer.recover();
    assert_eq!(outcome(&verifier, &new).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_kids_causes_one_fetch_and_delays_nothing() {
    let issuer = TestIssuer::new();
    let (verifier, wire, valid) = set_up(&issuer).await;
    wire.hold();
    let flood = (0..10_000).map(|n| {
        let (verifier, unknown_kid) =
            (verifier.clone(), unknown_kid(&issuer, &format!("unknown-{n}")));
        tokio::spawn(async move { outcome(&verifier, &unknown_kid).await })
    });
    let flood: Vec<_> = flood.collect();
    for _ in 0..10 {
        run_until_idle().await;
        assert_eq!(immediate_outcome(&verifier, &valid), Some(ACCEPTED));
    }
    assert_eq!(wire.requests_to("/jwks"), 2);
    wire.release();
    for request in flood {
        assert_eq!(request.await.unwrap(), UNKNOWN_KEY);
    }
    for n in 0..10_000 {
        let unknown_kid = unknown_kid(&issuer, &format!("another-{n}"));
        assert_eq!(immediate_outcome(&verifier, &unknown_kid), Some(UNKNOWN_KEY));
    }
    assert_eq!(immediate_outcome(&verifier, &valid), Some(ACCEPTED));
    assert_eq!(wire.requests_to("/jwks"), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn unknown_kids_use_no_memory() {
    // In a separate process, so that no other test uses memory.
    let isolated = "jwks::unknown_keys::unknown_kids_use_no_memory_in_isolation";
    let tests = std::env::current_exe().unwrap();
    let run = std::process::Command::new(tests).args(["--exact", "--ignored", isolated]).output();
    let output = String::from_utf8(run.unwrap().stdout).unwrap();
    assert!(output.contains("1 passed"), "{output}");
}

#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
#[ignore = "run by the test above"]
async fn unknown_kids_use_no_memory_in_isolation() {
    let issuer = TestIssuer::new();
    let (verifier, _, _) = set_up(&issuer).await;
    let long = "x".repeat(1900);
    assert_eq!(outcome(&verifier, &unknown_kid(&issuer, &long)).await, UNKNOWN_KEY);
    let before = resident_memory();
    for n in 0..20_000 {
        let unknown_kid = unknown_kid(&issuer, &format!("{n}-{long}"));
        assert_eq!(outcome(&verifier, &unknown_kid).await, UNKNOWN_KEY);
    }
    let more = resident_memory().saturating_sub(before);
    assert!(more < 15_000_000, "{more} bytes more after 38,000,000 of key names");
}

#[cfg(target_os = "linux")]
fn resident_memory() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test(start_paused = true)]
async fn a_rotation_during_a_flood_is_picked_up_within_the_cooldown() {
    // Seconds from the start of the flood to the rotation.
    for rotation in [0, 1, 5, 9, 10, 13] {
        let issuer = TestIssuer::new();
        let (verifier, wire, _) = set_up(&issuer).await;
        let mut accepted = None;
        let mut new = None;
        for second in 0..40 {
            for n in 0..10 {
                let unknown_kid = unknown_kid(&issuer, &format!("unknown-{second}-{n}"));
                assert_eq!(outcome(&verifier, &unknown_kid).await, UNKNOWN_KEY);
            }
            if second == rotation {
                issuer.rotate_keys(true);
                new = Some(token(&issuer));
            }
            if let Some(new) = &new
                && outcome(&verifier, new).await == ACCEPTED
            {
                accepted = accepted.or(Some(second));
            }
            pass(&issuer.clock(), seconds(1)).await;
        }
        let waited = accepted.expect("the new key is accepted") - rotation;
        assert!(waited <= 10, "rotated after {rotation} s, accepted {waited} s later");
        assert_eq!(wire.requests_to("/jwks"), 1 + 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_does_not_extend_the_cooldown() {
    let issuer = TestIssuer::new();
    let (verifier, _, _) = set_up(&issuer).await;
    assert_eq!(outcome(&verifier, &unknown_kid(&issuer, "unknown")).await, UNKNOWN_KEY);
    let now = issuer.clock().now();
    issuer.clock().set(now - seconds(3600));
    issuer.rotate_keys(true);
    assert_eq!(outcome(&verifier, &token(&issuer)).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn only_a_token_that_a_new_key_could_verify_causes_a_fetch() {
    let issuer = TestIssuer::new();
    let unknown = || issuer.token().audience(API).header("kid", json!("unknown"));
    let now = issuer.clock().now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let forged = |token: String| {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let other = if signature.starts_with('A') { 'B' } else { 'A' };
        format!("{message}.{other}{}", &signature[1..])
    };
    for (case, token, fetches) in [
        ("an unknown kid", unknown().mint(), 1),
        ("no kid and a wrong signature", forged(unknown().without_header("kid").mint()), 1),
        ("a cached kid and a wrong signature", forged(token(&issuer)), 1),
        ("another issuer", unknown().claim("iss", json!("https://evil.example")).mint(), 0),
        ("another audience", unknown().audience("https://other.example").mint(), 0),
        ("no audience", unknown().without_claim("aud").mint(), 0),
        ("expired", unknown().claim("exp", json!(now - 60)).mint(), 0),
        ("no expiry", unknown().without_claim("exp").mint(), 0),
        ("not yet valid", unknown().claim("nbf", json!(now + 61)).mint(), 0),
        ("issued in the future", unknown().claim("iat", json!(now + 61)).mint(), 0),
        ("another type", unknown().header("typ", json!("logout+jwt")).mint(), 0),
        ("an ID token", unknown().claim("at_hash", json!("x")).mint(), 0),
        ("the algorithm none", unknown().header("alg", json!("none")).mint(), 0),
        ("an HMAC algorithm", unknown().header("alg", json!("HS256")).mint(), 0),
        ("a critical extension", unknown().header("crit", json!(["x"])).mint(), 0),
    ] {
        let (verifier, wire, _) = set_up(&issuer).await;
        assert!(outcome(&verifier, &token).await.is_err(), "{case}");
        run_until_idle().await;
        assert_eq!(wire.requests_to("/jwks"), 1 + fetches, "{case}");

        // The same without any keys yet.
        let wire = Wire::to(issuer.http_client());
        let verifier = issuer.verifier().http_client(wire.clone()).audience(API).build().unwrap();
        let rejected: Outcome = outcome(&verifier, &token).await;
        assert!(rejected.is_err(), "{case}");
        assert_eq!(wire.requests_to("/jwks"), fetches, "{case}");
    }
}
