//! `exp`, `nbf` and `iat`, with a precision of one second.

use std::time::{Duration, SystemTime};

use portcullis::{JwtVerifier, error::TokenFault, testing::TestIssuer};
use serde_json::json;

use super::{accepts, builder, hmac_verifier, outcome, token};
use crate::support::jws;

const T: u64 = 1_700_000_000;
const NANOSECONDS: i64 = 1_000_000_000;

fn issuer() -> TestIssuer {
    let issuer = TestIssuer::new();
    issuer.clock().set(at(Duration::from_secs(T)));
    issuer
}

fn at(since_epoch: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH + since_epoch
}

/// A number of nanoseconds after a second, or before it if negative.
fn around(seconds: u64, nanoseconds: i64) -> SystemTime {
    let second = seconds * NANOSECONDS.unsigned_abs();
    at(Duration::from_nanos(second.checked_add_signed(nanoseconds).unwrap()))
}

fn with_leeway(issuer: &TestIssuer, leeway: Option<u64>) -> JwtVerifier {
    match leeway {
        Some(seconds) => builder(issuer).leeway(Duration::from_secs(seconds)).build().unwrap(),
        None => builder(issuer).build().unwrap(),
    }
}

// Verifies rfc7519-4.1.4-exp, rfc9068-4-exp.
#[tokio::test]
async fn a_token_expires_at_exp_plus_the_leeway() {
    for (leeway, seconds) in [(None, 60), (Some(0), 0), (Some(5), 5), (Some(3600), 3600)] {
        let issuer = issuer();
        let verifier = with_leeway(&issuer, leeway);
        let token = token(&issuer).claim("exp", json!(T + 100)).mint();
        let end = T + 100 + seconds;
        for (now, fault) in [
            (around(T, 0), None),
            (around(end, -NANOSECONDS), None),
            (around(end, -1), None),
            (around(end, 0), Some(TokenFault::Expired)),
            (around(end, 1), Some(TokenFault::Expired)),
            (around(end, NANOSECONDS), Some(TokenFault::Expired)),
            (around(end * 2, 0), Some(TokenFault::Expired)),
        ] {
            issuer.clock().set(now);
            assert_eq!(outcome(&verifier, &token).await.err(), fault, "{leeway:?} {now:?}");
        }
    }
}

// Verifies rfc7519-4.1.5-nbf.
#[tokio::test]
async fn a_token_is_valid_from_nbf_and_iat_minus_the_leeway() {
    for claim in ["nbf", "iat"] {
        for (leeway, seconds) in [(None, 60), (Some(0), 0), (Some(5), 5)] {
            let issuer = issuer();
            let verifier = with_leeway(&issuer, leeway);
            let token = token(&issuer).claim(claim, json!(T + 100)).claim("exp", json!(T + 9999));
            let token = token.mint();
            let start = T + 100 - seconds;
            for (now, fault) in [
                (around(T, 0), Some(TokenFault::NotYetValid)),
                (around(start, -NANOSECONDS), Some(TokenFault::NotYetValid)),
                (around(start, -1), Some(TokenFault::NotYetValid)),
                (around(start, 0), None),
                (around(start, NANOSECONDS), None),
                (around(start + 1000, 0), None),
            ] {
                issuer.clock().set(now);
                let outcome = outcome(&verifier, &token).await;
                assert_eq!(outcome.err(), fault, "{claim} {leeway:?} {now:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_date_may_have_a_fraction() {
    let issuer = issuer();
    let verifier = with_leeway(&issuer, Some(0));
    let token = token(&issuer).claim("exp", json!(1_796_181_312.064_554)).mint();
    for (millis, accepted) in [(1_796_181_312_063, true), (1_796_181_312_065, false)] {
        issuer.clock().set(at(Duration::from_millis(millis)));
        assert_eq!(accepts(&verifier, &token).await, accepted, "{millis}");
    }
}

// Verifies rfc7519-4.1.4-numeric-date.
#[tokio::test]
async fn a_date_must_be_a_number_within_the_range_of_the_clock() {
    let issuer = issuer();
    let verifier = hmac_verifier(&issuer);
    let claims = |name: &str, value: &str| {
        let mut claims = jws::forged_claims(&issuer);
        claims.as_object_mut().unwrap().remove(name);
        claims.to_string().replacen('{', &format!("{{\"{name}\":{value},"), 1)
    };
    let outcome = async |name: &str, value: &str| {
        let token = jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, claims(name, value));
        outcome(&verifier, &token).await.err()
    };
    for value in [
        "\"1700000300\"",
        "\"\"",
        "null",
        "true",
        "false",
        "{}",
        "[]",
        "[1700000300]",
        "-1",
        "-1700000300",
        "-0.5",
        "1e400",
        "-1e400",
        "1e30",
        "123456789012345678901234567890",
    ] {
        for name in ["exp", "nbf", "iat"] {
            assert_eq!(outcome(name, value).await, Some(TokenFault::Claims), "{name} {value}");
        }
    }
    for value in [
        "NaN",
        "Infinity",
        "-Infinity",
        "+1700000300",
        "01700000300",
        "0x6553F100",
        "1700000300.",
        ".5",
    ] {
        for name in ["exp", "nbf", "iat"] {
            assert_eq!(outcome(name, value).await, Some(TokenFault::Malformed), "{name} {value}");
        }
    }
    for (value, expired, begun) in [
        ("1700000300", None, Some(TokenFault::NotYetValid)),
        ("1700000300.0", None, Some(TokenFault::NotYetValid)),
        ("1.7000003e9", None, Some(TokenFault::NotYetValid)),
        ("17000003E+2", None, Some(TokenFault::NotYetValid)),
        ("18446744073709551615", None, Some(TokenFault::NotYetValid)),
        ("0", Some(TokenFault::Expired), None),
        ("-0", Some(TokenFault::Expired), None),
        ("0.0", Some(TokenFault::Expired), None),
        ("1e-400", Some(TokenFault::Expired), None),
    ] {
        assert_eq!(outcome("exp", value).await, expired, "exp {value}");
        assert_eq!(outcome("nbf", value).await, begun, "nbf {value}");
        assert_eq!(outcome("iat", value).await, begun, "iat {value}");
    }
}

// Verifies rfc7519-4.1.4-numeric-date.
#[tokio::test]
async fn all_dates_must_be_well_formed() {
    // `iat` in milliseconds is far in the future, so it is rejected.
    let issuer = issuer();
    let verifier = with_leeway(&issuer, None);
    let token = token(&issuer).claim("iat", json!(T * 1000)).mint();
    assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::NotYetValid));
}

#[tokio::test]
async fn exp_before_nbf_is_never_valid() {
    let issuer = issuer();
    let verifier = with_leeway(&issuer, Some(0));
    let token = token(&issuer).claim("nbf", json!(T + 10)).claim("exp", json!(T + 5)).mint();
    for now in [T, T + 4, T + 5, T + 7, T + 10, T + 11] {
        issuer.clock().set(at(Duration::from_secs(now)));
        assert!(!accepts(&verifier, &token).await, "{now}");
    }
}

#[tokio::test]
async fn extreme_clocks_and_leeways_do_not_panic() {
    let issuer = issuer();
    let token = token(&issuer).mint();
    for now in [SystemTime::UNIX_EPOCH - Duration::from_secs(1), SystemTime::UNIX_EPOCH] {
        issuer.clock().set(now);
        assert!(!accepts(&with_leeway(&issuer, None), &token).await, "its `iat` is in the future");
    }
    let boundless = builder(&issuer).leeway(Duration::MAX).build().unwrap();
    assert!(accepts(&boundless, &token).await);
    issuer.clock().set(at(Duration::from_secs(1 << 40)));
    assert!(accepts(&boundless, &token).await);
    assert!(!accepts(&with_leeway(&issuer, None), &token).await);
}
