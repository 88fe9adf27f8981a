//! Invalid tokens.

use std::time::Duration;

use portcullis::{
    Algorithm, AuthenticateLayer, BearerToken, Clock, Error, ErrorKind, Verification, Verify,
    error::TokenFault,
    testing::{TestIssuer, TokenBuilder},
};
use serde_json::json;

use super::{Expected, issuer, layer, service};
use crate::support::{API, jws, whoami, with_token};

/// The rejection of a token on the wire.
fn invalid(fault: TokenFault) -> Expected {
    let (message, challenge) = match fault {
        TokenFault::Algorithm => (
            "Token algorithm not accepted.",
            r#"Bearer realm="orders", error="invalid_token", error_description="Token algorithm not accepted.""#,
        ),
        TokenFault::Audience => (
            "Token not intended for this audience.",
            r#"Bearer realm="orders", error="invalid_token", error_description="Token not intended for this audience.""#,
        ),
        TokenFault::Claims => (
            "Token claims invalid.",
            r#"Bearer realm="orders", error="invalid_token", error_description="Token claims invalid.""#,
        ),
        TokenFault::Expired => (
            "Token expired.",
            r#"Bearer realm="orders", error="invalid_token", error_description="Token expired.""#,
        ),
        TokenFault::Issuer => (
            "Token issuer not trusted.",
            r#"Bearer realm="orders", error="invalid_token", error_description="Token issuer not trusted.""#,
        ),
        TokenFault::Malformed => (
            "Token malformed.",
            r#"Bearer realm="orders", error="invalid_token", error_description="Token malformed.""#,
        ),
        TokenFault::NotYetValid => (
            "Token not yet valid.",
            r#"Bearer realm="orders", error="invalid_token", error_description="Token not yet valid.""#,
        ),
        TokenFault::Rejected => (
            "Token not accepted.",
            r#"Bearer realm="orders", error="invalid_token", error_description="Token not accepted.""#,
        ),
        TokenFault::Revoked => (
            "Token revoked.",
            r#"Bearer realm="orders", error="invalid_token", error_description="Token revoked.""#,
        ),
        TokenFault::Signature => (
            "Token signature invalid.",
            r#"Bearer realm="orders", error="invalid_token", error_description="Token signature invalid.""#,
        ),
        TokenFault::Type => (
            "Token is not an access token.",
            r#"Bearer realm="orders", error="invalid_token", error_description="Token is not an access token.""#,
        ),
        TokenFault::UnknownKey => (
            "Token key unknown.",
            r#"Bearer realm="orders", error="invalid_token", error_description="Token key unknown.""#,
        ),
        other => panic!("add {other:?} to this table"),
    };
    Expected {
        kind: ErrorKind::InvalidToken(fault),
        status: (401, "Unauthorized"),
        challenge: Some(challenge),
        message,
        error: Some("invalid_token"),
    }
}

fn valid_token(issuer: &TestIssuer) -> TokenBuilder {
    issuer.token().audience(API)
}

// Verifies rfc6750-3-every-401, rfc6750-3-error, rfc6750-3.1-invalid-token,
// Verifies rfc9068-4-invalid-token.
#[tokio::test]
async fn every_token_fault_is_401_with_its_own_description() {
    let issuer = issuer();
    let app = service(&issuer);
    let now = issuer.clock().now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let valid = valid_token(&issuer).mint();
    let attacker = TestIssuer::new();
    attacker.clock().set(issuer.clock().now());
    let forged_claims = jws::forged_claims(&issuer).to_string();

    for (case, fault, token) in [
        ("expired", TokenFault::Expired, valid_token(&issuer).claim("exp", json!(now - 61)).mint()),
        (
            "nbf in the future",
            TokenFault::NotYetValid,
            valid_token(&issuer).claim("nbf", json!(now + 61)).mint(),
        ),
        (
            "iat in the future",
            TokenFault::NotYetValid,
            valid_token(&issuer).claim("iat", json!(now + 61)).mint(),
        ),
        (
            "another issuer",
            TokenFault::Issuer,
            valid_token(&issuer).claim("iss", json!("https://x")).mint(),
        ),
        ("no issuer", TokenFault::Issuer, valid_token(&issuer).without_claim("iss").mint()),
        ("another audience", TokenFault::Audience, issuer.token().audience("https://x").mint()),
        ("no audience", TokenFault::Audience, issuer.token().mint()),
        ("no expiry", TokenFault::Claims, valid_token(&issuer).without_claim("exp").mint()),
        (
            "expiry a string",
            TokenFault::Claims,
            valid_token(&issuer).claim("exp", json!("9")).mint(),
        ),
        (
            "a logout token",
            TokenFault::Type,
            valid_token(&issuer).header("typ", json!("logout+jwt")).mint(),
        ),
        ("an ID token", TokenFault::Type, valid_token(&issuer).claim("at_hash", json!("x")).mint()),
        ("no JWT", TokenFault::Malformed, "mF_9.B5f-4.1JqM".to_owned()),
        ("opaque", TokenFault::Malformed, "abc".to_owned()),
        ("five parts", TokenFault::Malformed, format!("{valid}.e30.e30")),
        ("crit", TokenFault::Malformed, valid_token(&issuer).header("crit", json!(["x"])).mint()),
        ("claims no JSON", TokenFault::Malformed, valid_token(&issuer).mint_raw("alice")),
        ("none", TokenFault::Algorithm, valid_token(&issuer).header("alg", json!("none")).mint()),
        (
            "HS256 without a secret",
            TokenFault::Algorithm,
            jws::sign(b"guess", r#"{"alg":"HS256"}"#, &forged_claims),
        ),
        ("a zero signature", TokenFault::Signature, jws::with_signature(&valid, [0; 64])),
        ("no signature", TokenFault::Signature, jws::with_signature(&valid, [])),
        ("another key", TokenFault::Signature, valid_token(&attacker).mint()),
        (
            "unknown kid",
            TokenFault::UnknownKey,
            valid_token(&issuer).header("kid", json!("x")).mint(),
        ),
        (
            "unpublished key",
            TokenFault::UnknownKey,
            valid_token(&attacker).algorithm(Algorithm::EdDsa).mint(),
        ),
    ] {
        invalid(fault).check(&app, with_token(&token), case).await;
    }
}

#[tokio::test]
async fn a_token_is_rejected_as_expired_once_the_clock_reaches_exp() {
    let issuer = issuer();
    let app = whoami()
        .layer(layer(&issuer).clock(portcullis::testing::TestClock::at(issuer.clock().now())));
    let token = valid_token(&issuer).mint();
    assert_eq!(crate::support::send(&app, with_token(&token)).await.status, 200);
    issuer.clock().advance(Duration::from_secs(360));
    invalid(TokenFault::Expired).check(&app, with_token(&token), "5 minutes and leeway").await;
}

#[tokio::test]
async fn rejections_by_custom_checks_have_the_same_format() {
    let issuer = issuer();
    let verifier = issuer.verifier().audience(API).jwk_set(issuer.jwk_set());
    let verifier = verifier.check(|identity| match identity.subject() {
        Some("bob") => Err(TokenFault::Rejected.into()),
        _ => Ok(()),
    });
    let layer = AuthenticateLayer::bearer(verifier.build().unwrap());
    let app = whoami().layer(layer.realm("orders").clock(issuer.clock()));
    let token = valid_token(&issuer).subject("bob").mint();
    invalid(TokenFault::Rejected).check(&app, with_token(&token), "bob").await;
}

/// Rejects every token for the same reason.
struct Rejects(TokenFault);

impl Verify<BearerToken<'_>> for Rejects {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::ready(Err(Error::from(self.0)))
    }
}

#[tokio::test]
async fn rejections_by_custom_verifiers_have_the_same_format() {
    let issuer = issuer();
    for fault in [TokenFault::Revoked, TokenFault::Rejected, TokenFault::Expired] {
        let layer = AuthenticateLayer::bearer(Rejects(fault)).realm("orders");
        let app = whoami().layer(layer.clock(issuer.clock()));
        invalid(fault).check(&app, with_token("abc"), "custom").await;
    }
}
