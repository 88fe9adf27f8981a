//! Parsing of configured and fetched JWK Sets.

use http::Response;
use portcullis::{
    Algorithm, ErrorKind,
    testing::{TestClient, TestIssuer},
};
use serde_json::{Value, json};

use super::{accepts, jwk, token};
use crate::support::{API, verify};

/// A set of `len` keys, one of which is the issuer's.
fn set_of(issuer: &TestIssuer, len: usize) -> String {
    issuer.publish(Algorithm::Es256);
    let key = jwk(issuer, "p256-0");
    let others = (1..len).map(|n| {
        let mut other = key.clone();
        other["kid"] = json!(format!("other-{n}"));
        other
    });
    let keys: Vec<Value> = others.chain([key.clone()]).collect();
    json!({ "keys": keys }).to_string()
}

/// Serves `body` as the issuer's key set.
fn serving(body: String) -> TestClient {
    TestClient::new(move |_| {
        let response = Response::builder().header("content-type", "application/json");
        let response = response.body(body.clone().into_bytes()).unwrap();
        async { Ok(response) }
    })
}

#[tokio::test]
async fn a_set_has_at_most_100_keys() {
    let issuer = TestIssuer::new();
    let build_with = |set| issuer.verifier().audience(API).jwk_set(set).build();
    let hundred = build_with(set_of(&issuer, 100)).unwrap();
    assert!(accepts(&hundred, &token(&issuer).mint()).await);
    for len in [101, 1000] {
        let error = build_with(set_of(&issuer, len)).unwrap_err();
        let message = format!(
            "JWK Set `\u{2026}`: it has {len} keys, which is more than 100; see `max_keys`"
        );
        assert_eq!(error.to_string(), message);
    }
}

#[tokio::test]
async fn unusable_keys_count_towards_the_maximum() {
    let issuer = TestIssuer::new();
    let mut set: Value = serde_json::from_str(&set_of(&issuer, 1)).unwrap();
    let keys = set["keys"].as_array_mut().unwrap();
    keys.extend((0..100).map(|_| json!({ "kty": "unknown" })));
    assert!(issuer.verifier().audience(API).jwk_set(set.to_string()).build().is_err());
}

#[tokio::test]
async fn a_fetched_set_of_more_than_100_keys_is_503() {
    let issuer = TestIssuer::new();
    for (len, usable) in [(100, true), (101, false)] {
        let client = serving(set_of(&issuer, len));
        let verifier = issuer.verifier().audience(API).jwks_uri(issuer.jwks_uri());
        let verifier = verifier.http_client(client).build().unwrap();
        let outcome = verify(&verifier, &token(&issuer).mint()).await;
        assert_eq!(outcome.err(), (!usable).then_some(ErrorKind::Unavailable), "{len} keys");
    }
}

const INVALID_SETS: [&str; 15] = [
    "",
    " ",
    "null",
    "[]",
    "{}",
    "\"keys\"",
    r#"{"keys":null}"#,
    r#"{"keys":{}}"#,
    r#"{"keys":"x"}"#,
    r#"{"keys":[}"#,
    r#"{"keys":[]"#,
    r#"{"keys":[]} x"#,
    r#"{"Keys":[]}"#,
    r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
    "<!doctype html>",
];

// Verifies rfc7517-5-keys.
#[test]
fn an_invalid_configured_set_is_rejected() {
    let issuer = TestIssuer::new();
    for text in INVALID_SETS {
        let error = issuer.verifier().audience(API).jwk_set(text).build().unwrap_err();
        assert_eq!(error.to_string(), "JWK Set `\u{2026}`: it isn't a JWK Set", "{text}");
    }
    let error = issuer.verifier().audience(API).jwk_set(r#"{"keys":[]}"#).build().unwrap_err();
    let message = "JWK Set `\u{2026}`: it has no key that verifies signatures";
    assert_eq!(error.to_string(), message);
}

// Verifies rfc7517-5-keys.
#[tokio::test]
async fn an_invalid_fetched_set_is_503() {
    let issuer = TestIssuer::new();
    let deep = format!(r#"{{"keys":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for text in INVALID_SETS.into_iter().chain([&*deep]) {
        let verifier = issuer.verifier().audience(API).jwks_uri(issuer.jwks_uri());
        let verifier = verifier.http_client(serving(text.to_owned())).build().unwrap();
        let error = verify(&verifier, &token(&issuer).mint()).await.unwrap_err();
        assert_eq!(error, ErrorKind::Unavailable, "{}", &text[..text.len().min(80)]);
    }
}

// Verifies rfc7517-5-unknown.
#[tokio::test]
async fn a_set_may_have_other_members() {
    let issuer = TestIssuer::new();
    let mut set: Value = serde_json::from_str(&set_of(&issuer, 2)).unwrap();
    set["issuer"] = json!("https://issuer.test");
    set["next"] = json!({ "keys": [] });
    let verifier = issuer.verifier().audience(API).jwk_set(set.to_string()).build().unwrap();
    assert!(accepts(&verifier, &token(&issuer).mint()).await);
}

#[tokio::test]
async fn a_fetched_set_without_a_usable_key_is_503() {
    // An issuer that signs tokens has a key. The token can't be verified, so it isn't rejected.
    let issuer = TestIssuer::new();
    for set in [r#"{"keys":[]}"#, r#"{"keys":[{"kty":"unknown"}]}"#] {
        let verifier = issuer.verifier().audience(API).jwks_uri(issuer.jwks_uri());
        let verifier = verifier.http_client(serving(set.to_owned())).build().unwrap();
        let outcome = verify(&verifier, &token(&issuer).mint()).await;
        assert_eq!(outcome.unwrap_err(), ErrorKind::Unavailable, "{set}");
    }
}
