//! Input that is large, long or deeply nested.

use portcullis::error::TokenFault;
use serde_json::json;

use super::{ISSUER, SERVICE, status, valid_token, verifier};
use crate::support::{API, jws, protected, send, verify, with_token};

const MIB: usize = 1 << 20;

/// Tokens of about a MiB.
fn large_tokens() -> Vec<(&'static str, String)> {
    let valid = valid_token().mint();
    let [header, claims, signature] = jws::parts(&valid);
    let long = "A".repeat(MIB);
    vec![
        ("letters", long.clone()),
        ("dots", ".".repeat(1_000_000)),
        ("parts", "a.".repeat(500_000) + "a"),
        ("a valid token and dots", format!("{valid}{}", ".".repeat(1_000_000))),
        ("a long header", format!("{long}.{claims}.{signature}")),
        ("long claims", format!("{header}.{long}.{signature}")),
        ("a long signature", format!("{header}.{claims}.{long}")),
        ("padding", format!("{valid}{}", "=".repeat(MIB))),
    ]
}

#[tokio::test]
async fn the_layer_rejects_a_token_of_one_mib_with_400() {
    let app = protected(&ISSUER);
    for (case, token) in large_tokens() {
        let response = send(&app, with_token(&token)).await;
        assert_eq!(response.status, 400, "{case}");
        assert_eq!(response.json()["message"], "Access token too long.", "{case}");
        assert!(response.body.len() < 500, "{case}");
    }
}

#[tokio::test]
async fn the_verifier_rejects_a_token_of_one_mib() {
    for (case, token) in large_tokens() {
        assert_eq!(status(&SERVICE, format!("Bearer {token}").as_bytes()).await, 401, "{case}");
    }
}

#[tokio::test]
async fn valid_claims_of_one_mib_are_accepted() {
    let claim = json!("x".repeat(MIB));
    let token = valid_token().claim("photo", claim).mint();
    assert!(verify(&verifier(), &token).await.is_ok());
    assert_eq!(send(&protected(&ISSUER), with_token(&token)).await.status, 400);
}

#[tokio::test]
async fn deeply_nested_json_is_rejected() {
    let verifier = verifier();
    let valid = jws::forged_claims(&ISSUER).to_string();
    let header = r#"{"alg":"HS256"}"#;
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":["#, "]}]")] {
        for depth in [100, 10_000, 200_000] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let unclosed = open.repeat(depth);
            for deep in [nested, unclosed] {
                let claims = valid.replacen('{', &format!("{{\"x\":{deep},"), 1);
                for token in [
                    jws::sign(jws::SECRET, header, &claims),
                    jws::sign(jws::SECRET, header, &deep),
                    jws::sign(jws::SECRET, format!(r#"{{"alg":"HS256","x":{deep}}}"#), &valid),
                    jws::sign(jws::SECRET, &deep, &valid),
                ] {
                    let rejection = verify(&verifier, &token).await.map(drop);
                    assert_eq!(rejection, Err(TokenFault::Malformed.into()), "{open} {depth}");
                }
            }
        }
    }
}

#[tokio::test]
async fn moderately_nested_claims_are_accepted() {
    let deep =
        |depth: usize| (0..depth).fold(json!("leaf"), |inner, _| json!({ "group": [inner] }));
    for depth in [1, 5, 10] {
        let token = valid_token().claim("groups", deep(depth)).mint();
        assert!(verify(&verifier(), &token).await.is_ok(), "{depth}");
    }
}

#[tokio::test]
async fn duplicates_among_twenty_thousand_claims_are_detected() {
    let verifier = verifier();
    let valid = jws::forged_claims(&ISSUER).to_string();
    let many: Vec<_> = (0..20_000).map(|n| format!("\"c{n}\":{n}")).collect();
    for (more, is_valid) in
        [("", true), (",\"c0\":0", false), (",\"c19999\":0", false), (",\"\\u0063500\":0", false)]
    {
        let claims = valid.replacen('{', &format!("{{{}{more},", many.join(",")), 1);
        let token = jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, &claims);
        assert_eq!(verify(&verifier, &token).await.is_ok(), is_valid, "{more}");
    }
}

#[tokio::test]
async fn twenty_thousand_audiences_and_scopes_are_read() {
    let verifier = verifier();
    let mut audiences: Vec<_> = (0..20_000).map(|n| format!("https://{n}.example")).collect();
    let foreign = valid_token().claim("aud", json!(audiences)).mint();
    assert_eq!(verify(&verifier, &foreign).await.map(drop), Err(TokenFault::Audience.into()));
    audiences.push(API.to_owned());
    let scopes: Vec<_> = (0..20_000).map(|n| n.to_string()).collect();
    let token = valid_token().claim("aud", json!(audiences)).scope(&scopes.join(" ")).mint();
    let identity = verify(&verifier, &token).await.unwrap();
    assert!(identity.scopes().contains("19999") && !identity.scopes().contains("20000"));
}

#[tokio::test]
async fn numbers_of_any_length_are_rejected_or_read() {
    let verifier = verifier();
    let valid = jws::forged_claims(&ISSUER);
    for digits in [
        "9".repeat(100_000),
        format!("1e{}", "9".repeat(1000)),
        format!("0.{}", "1".repeat(100_000)),
    ] {
        for name in ["exp", "nbf", "iat", "x"] {
            let mut claims = valid.clone();
            claims.as_object_mut().unwrap().remove(name);
            let claims = claims.to_string().replacen('{', &format!("{{\"{name}\":{digits},"), 1);
            let token = jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, &claims);
            let outcome = verify(&verifier, &token).await.map(drop);
            assert!(
                matches!(outcome, Ok(()) | Err(portcullis::ErrorKind::InvalidToken(_))),
                "{name}"
            );
            assert!(name != "x" || outcome.is_ok(), "a number that isn't read");
        }
    }
}
