//! Tokens whose key nobody knows: new ones after a rotation, and made-up ones.

use portcullis::{
    Clock, JwtVerifier,
    testing::{Fault, TestIssuer},
};
use serde_json::json;

use crate::support::{
    API,
    verdict::{
        ACCEPTED, DAY, UNAVAILABLE, UNKNOWN_KEY, Verdict, all_quiet, outage, pass, seconds,
        verdict, verdict_at_once,
    },
    wire::Wire,
};

/// A verifier that has the issuer's keys, and a token that it accepts.
async fn set_up(issuer: &TestIssuer) -> (JwtVerifier, Wire, String) {
    let wire = Wire::to(issuer.http_client());
    let verifier = issuer.verifier().http_client(wire.clone()).audience(API).build().unwrap();
    let token = token(issuer);
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
    (verifier, wire, token)
}

fn token(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).expires_in(10 * DAY).mint()
}

/// A token that names a key that isn't there.
fn made_up(issuer: &TestIssuer, kid: &str) -> String {
    issuer.token().audience(API).expires_in(10 * DAY).header("kid", json!(kid)).mint()
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_accepted_on_the_first_request_that_carries_it() {
    // Right after start-up too: the first fetch starts no cool-down.
    for (seconds_after_start, keep_old) in [(0, true), (0, false), (1, true), (300, false)] {
        let issuer = TestIssuer::new();
        let (verifier, wire, old) = set_up(&issuer).await;
        issuer.clock().advance(seconds(seconds_after_start));
        issuer.rotate_keys(keep_old);
        assert_eq!(verdict(&verifier, &token(&issuer)).await, ACCEPTED);
        let old_now = if keep_old { ACCEPTED } else { UNKNOWN_KEY };
        assert_eq!(verdict(&verifier, &old).await, old_now);
        assert_eq!(wire.requests_to("/jwks"), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_waited_for_also_when_the_old_ones_are_past_their_time() {
    let issuer = TestIssuer::new();
    let (verifier, wire, _) = set_up(&issuer).await;
    issuer.rotate_keys(true);
    let new = token(&issuer);
    issuer.clock().advance(seconds(700));
    wire.hold();
    let waiting = tokio::spawn(async move { verdict(&verifier, &new).await });
    // Longer than a request waits whose key is known.
    tokio::time::sleep(seconds(3)).await;
    wire.release();
    assert_eq!(waiting.await.unwrap(), ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn one_refetch_is_made_per_cool_down_of_ten_seconds() {
    let issuer = TestIssuer::new();
    let (verifier, wire, token) = set_up(&issuer).await;
    for second in 0..100 {
        assert_eq!(verdict(&verifier, &made_up(&issuer, "made-up")).await, UNKNOWN_KEY);
        assert_eq!(wire.requests_to("/jwks"), 2 + second / 10, "after {second} s");
        assert_eq!(verdict_at_once(&verifier, &token), Some(ACCEPTED));
        pass(&issuer.clock(), seconds(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn during_the_cool_down_nobody_waits() {
    let issuer = TestIssuer::new();
    let (verifier, _, _) = set_up(&issuer).await;
    let made_up = made_up(&issuer, "made-up");
    assert_eq!(verdict_at_once(&verifier, &made_up), None);
    all_quiet().await;
    assert_eq!(verdict_at_once(&verifier, &made_up), Some(UNKNOWN_KEY));
}

#[tokio::test(start_paused = true)]
async fn after_a_refetch_that_failed_the_cool_down_counts_too_and_nobody_has_judged_the_token() {
    let issuer = TestIssuer::new();
    let (verifier, wire, old) = set_up(&issuer).await;
    issuer.rotate_keys(true);
    let new = token(&issuer);
    issuer.fail(Fault::Status(500));
    for second in 0..10 {
        assert_eq!(verdict(&verifier, &new).await, UNAVAILABLE, "after {second} s");
        assert!(outage(&verifier, &new).await.retry_after().unwrap() <= seconds(10 - second));
        assert_eq!(verdict_at_once(&verifier, &old), Some(ACCEPTED), "after {second} s");
        assert_eq!(wire.requests_to("/jwks"), 2, "after {second} s");
        pass(&issuer.clock(), seconds(1)).await;
    }
    issuer.recover();
    assert_eq!(verdict(&verifier, &new).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_made_up_kids_cause_one_fetch_and_delay_no_good_token() {
    let issuer = TestIssuer::new();
    let (verifier, wire, good) = set_up(&issuer).await;
    wire.hold();
    let flood = (0..10_000).map(|n| {
        let (verifier, made_up) = (verifier.clone(), made_up(&issuer, &format!("made-up-{n}")));
        tokio::spawn(async move { verdict(&verifier, &made_up).await })
    });
    let flood: Vec<_> = flood.collect();
    for _ in 0..10 {
        all_quiet().await;
        assert_eq!(verdict_at_once(&verifier, &good), Some(ACCEPTED));
    }
    assert_eq!(wire.requests_to("/jwks"), 2);
    wire.release();
    for request in flood {
        assert_eq!(request.await.unwrap(), UNKNOWN_KEY);
    }
    for n in 0..10_000 {
        let made_up = made_up(&issuer, &format!("another-{n}"));
        assert_eq!(verdict_at_once(&verifier, &made_up), Some(UNKNOWN_KEY));
    }
    assert_eq!(verdict_at_once(&verifier, &good), Some(ACCEPTED));
    assert_eq!(wire.requests_to("/jwks"), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn made_up_kids_are_not_kept() {
    // In a process of its own, whose memory no other test touches.
    let alone = "jwks::unknown_keys::made_up_kids_are_not_kept_when_alone";
    let tests = std::env::current_exe().unwrap();
    let run = std::process::Command::new(tests).args(["--exact", "--ignored", alone]).output();
    let output = String::from_utf8(run.unwrap().stdout).unwrap();
    assert!(output.contains("1 passed"), "{output}");
}

#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
#[ignore = "run by the one above"]
async fn made_up_kids_are_not_kept_when_alone() {
    let issuer = TestIssuer::new();
    let (verifier, _, _) = set_up(&issuer).await;
    let long = "x".repeat(1900);
    assert_eq!(verdict(&verifier, &made_up(&issuer, &long)).await, UNKNOWN_KEY);
    let before = resident_memory();
    for n in 0..20_000 {
        let made_up = made_up(&issuer, &format!("{n}-{long}"));
        assert_eq!(verdict(&verifier, &made_up).await, UNKNOWN_KEY);
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
async fn a_rotation_during_a_flood_is_picked_up_within_the_cool_down() {
    // Seconds from the start of the flood to the rotation.
    for rotation in [0, 1, 5, 9, 10, 13] {
        let issuer = TestIssuer::new();
        let (verifier, wire, _) = set_up(&issuer).await;
        let mut accepted = None;
        let mut new = None;
        for second in 0..40 {
            for n in 0..10 {
                let made_up = made_up(&issuer, &format!("made-up-{second}-{n}"));
                assert_eq!(verdict(&verifier, &made_up).await, UNKNOWN_KEY);
            }
            if second == rotation {
                issuer.rotate_keys(true);
                new = Some(token(&issuer));
            }
            if let Some(new) = &new
                && verdict(&verifier, new).await == ACCEPTED
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
async fn a_clock_that_was_turned_back_does_not_stretch_the_cool_down() {
    let issuer = TestIssuer::new();
    let (verifier, _, _) = set_up(&issuer).await;
    assert_eq!(verdict(&verifier, &made_up(&issuer, "made-up")).await, UNKNOWN_KEY);
    let now = issuer.clock().now();
    issuer.clock().set(now - seconds(3600));
    issuer.rotate_keys(true);
    assert_eq!(verdict(&verifier, &token(&issuer)).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn only_a_token_that_a_newer_key_could_make_good_causes_a_fetch() {
    let issuer = TestIssuer::new();
    let unknown = || issuer.token().audience(API).header("kid", json!("made-up"));
    let now = issuer.clock().now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let forged = |token: String| {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let other = if signature.starts_with('A') { 'B' } else { 'A' };
        format!("{message}.{other}{}", &signature[1..])
    };
    for (what, token, fetches) in [
        ("an unknown kid", unknown().mint(), 1),
        ("no kid and a bad signature", forged(unknown().without_header("kid").mint()), 1),
        ("a known kid and a bad signature", forged(token(&issuer)), 0),
        ("another issuer", unknown().claim("iss", json!("https://evil.example")).mint(), 0),
        ("another audience", unknown().audience("https://other.example").mint(), 0),
        ("no audience", unknown().without_claim("aud").mint(), 0),
        ("expired", unknown().claim("exp", json!(now - 60)).mint(), 0),
        ("no expiry", unknown().without_claim("exp").mint(), 0),
        ("not yet valid", unknown().claim("nbf", json!(now + 61)).mint(), 0),
        ("issued in the future", unknown().claim("iat", json!(now + 61)).mint(), 0),
        ("another type", unknown().header("typ", json!("logout+jwt")).mint(), 0),
        ("an ID token", unknown().claim("at_hash", json!("x")).mint(), 0),
        ("an algorithm of none", unknown().header("alg", json!("none")).mint(), 0),
        ("an algorithm of secrets", unknown().header("alg", json!("HS256")).mint(), 0),
        ("a critical extension", unknown().header("crit", json!(["x"])).mint(), 0),
    ] {
        let (verifier, wire, _) = set_up(&issuer).await;
        assert!(verdict(&verifier, &token).await.is_err(), "{what}");
        all_quiet().await;
        assert_eq!(wire.requests_to("/jwks"), 1 + fetches, "{what}");

        // The same without any keys yet.
        let wire = Wire::to(issuer.http_client());
        let verifier = issuer.verifier().http_client(wire.clone()).audience(API).build().unwrap();
        let rejected: Verdict = verdict(&verifier, &token).await;
        assert!(rejected.is_err(), "{what}");
        let first_fetch = usize::from(fetches > 0 || what == "a known kid and a bad signature");
        assert_eq!(wire.requests_to("/jwks"), first_fetch, "{what}");
    }
}
