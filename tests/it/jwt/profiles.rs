//! The two profiles of access tokens.

use portcullis::{JwtVerifier, error::TokenFault, jwt::Profile, testing::TestIssuer};
use serde_json::json;

use super::{accepts, builder, outcome, token};

fn verifier(issuer: &TestIssuer, profile: Profile) -> JwtVerifier {
    builder(issuer).profile(profile).build().unwrap()
}

// Verifies rfc7515-4.1.9-typ, rfc8725-3.11-typ, rfc9068-4-typ.
#[tokio::test]
async fn only_the_relaxed_profile_accepts_typ_jwt_or_no_typ() {
    let issuer = TestIssuer::new();
    let (relaxed, strict) =
        (verifier(&issuer, Profile::Relaxed), verifier(&issuer, Profile::Rfc9068));
    for (typ, in_relaxed, in_strict) in [
        (Some("at+jwt"), true, true),
        (Some("AT+JWT"), true, true),
        (Some("at+JWT"), true, true),
        (Some("application/at+jwt"), true, true),
        (Some("Application/At+Jwt"), true, true),
        (Some("JWT"), true, false),
        (Some("jwt"), true, false),
        (Some("application/jwt"), true, false),
        (None, true, false),
        (Some(""), false, false),
        (Some(" at+jwt"), false, false),
        (Some("at+jwt; v=1"), false, false),
        (Some("application/"), false, false),
        (Some("text/at+jwt"), false, false),
        (Some("application/application/at+jwt"), false, false),
        (Some("JOSE"), false, false),
        (Some("JWS"), false, false),
        (Some("at"), false, false),
        (Some("at jwt"), false, false),
        (Some("\u{212a}at+jwt"), false, false),
    ] {
        let token = match typ {
            Some(typ) => token(&issuer).header("typ", json!(typ)),
            None => token(&issuer).without_header("typ"),
        };
        let token = token.mint();
        let expected = |accepted| if accepted { Ok("alice") } else { Err(&TokenFault::Type) };
        let outcomes = (outcome(&relaxed, &token).await, outcome(&strict, &token).await);
        assert_eq!(outcomes.0.as_deref(), expected(in_relaxed), "relaxed, {typ:?}");
        assert_eq!(outcomes.1.as_deref(), expected(in_strict), "strict, {typ:?}");
    }
}

// Verifies rfc9068-2.2-claims, rfc9701-8.1-claims.
#[tokio::test]
async fn the_strict_profile_requires_every_claim_of_rfc_9068() {
    let issuer = TestIssuer::new();
    let (relaxed, strict) =
        (verifier(&issuer, Profile::Relaxed), verifier(&issuer, Profile::Rfc9068));
    assert!(accepts(&strict, &token(&issuer).mint()).await);
    for (claim, in_relaxed, in_strict) in [
        ("iss", Some(TokenFault::Issuer), TokenFault::Issuer),
        ("aud", Some(TokenFault::Audience), TokenFault::Audience),
        ("exp", Some(TokenFault::Claims), TokenFault::Claims),
        ("sub", None, TokenFault::Claims),
        ("client_id", None, TokenFault::Claims),
        ("iat", None, TokenFault::Claims),
        ("jti", None, TokenFault::Claims),
    ] {
        let token = token(&issuer).without_claim(claim).mint();
        assert_eq!(outcome(&strict, &token).await, Err(in_strict), "{claim}");
        assert_eq!(outcome(&relaxed, &token).await.err(), in_relaxed, "{claim}");
    }
}

#[tokio::test]
async fn the_strict_profile_accepts_no_azp_or_cid_for_client_id() {
    let issuer = TestIssuer::new();
    let (relaxed, strict) =
        (verifier(&issuer, Profile::Relaxed), verifier(&issuer, Profile::Rfc9068));
    for name in ["azp", "cid"] {
        let token = token(&issuer).without_claim("client_id").claim(name, json!("app")).mint();
        assert_eq!(outcome(&strict, &token).await, Err(TokenFault::Claims), "{name}");
        assert!(accepts(&relaxed, &token).await, "{name}");
    }
}

// Verifies rfc9068-4-aud.
#[tokio::test]
async fn the_strict_profile_requires_aud_even_if_any_is_accepted() {
    let issuer = TestIssuer::new();
    issuer.publish(portcullis::Algorithm::Es256);
    let any = issuer.verifier().jwk_set(issuer.jwk_set()).dangerous().any_audience();
    let strict = any.profile(Profile::Rfc9068).build().unwrap();
    assert!(accepts(&strict, &issuer.token().audience("https://any.example").mint()).await);
    for token in [issuer.token(), issuer.token().claim("aud", json!([]))] {
        assert_eq!(outcome(&strict, &token.mint()).await, Err(TokenFault::Claims));
    }
}

// Verifies rfc9068-5-confusion.
#[tokio::test]
async fn the_strict_profile_rejects_what_the_relaxed_one_rejects() {
    let issuer = TestIssuer::new();
    let strict = verifier(&issuer, Profile::Rfc9068);
    for (token, fault) in [
        (token(&issuer).claim("exp", json!(1)), TokenFault::Expired),
        (token(&issuer).audience("https://other.example"), TokenFault::Audience),
        (token(&issuer).claim("at_hash", json!("x")), TokenFault::Type),
        (token(&issuer).header("crit", json!(["x"])), TokenFault::Malformed),
    ] {
        assert_eq!(outcome(&strict, &token.mint()).await, Err(fault));
    }
}
