//! Google: services that call services.

use portcullis::{
    Algorithm, JwtVerifier,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::json;

use super::recorded::{Recorded, Token, both, changed, outcome};
use crate::support::outcome::verify_token;

const KID: &str = "6a9063680953a2a5f1d0c5f6e7c8b9a0d1e2f3a4";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://accounts.google.com")
        .audience("https://orders-4kxmpl2q7a-ey.a.run.app")
        .algorithms([Algorithm::Rs256])
        .require_claim("sub", "104838475612093847561")
}

/// The same for several clients.
fn preset_of_several() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://accounts.google.com")
        .audience("https://orders-4kxmpl2q7a-ey.a.run.app")
        .algorithms([Algorithm::Rs256])
        .check(|identity| match identity.subject() {
            Some("104838475612093847561" | "116029384756102938475") => Ok(()),
            _ => Err(TokenFault::Rejected.into()),
        })
}

fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let key = |kid: &str| recorded.jwk(json!({ "alg": "RS256", "use": "sig", "kid": kid }));
    let keys = json!({ "keys": [key("f833e8a7fe3fe4b878948219a1684afa373ca86f"), key(KID)] });
    let metadata = json!({
        "issuer": "https://accounts.google.com",
        "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
        "token_endpoint": "https://oauth2.googleapis.com/token",
        "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
        "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    recorded
        .serving("https://accounts.google.com/.well-known/openid-configuration", metadata)
        .serving("https://www.googleapis.com/oauth2/v3/certs", keys)
}

/// A token that a service account requests for an audience.
fn token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "alg": "RS256", "kid": KID, "typ": "JWT" }),
        claims: json!({
            "aud": "https://orders-4kxmpl2q7a-ey.a.run.app",
            "azp": "104838475612093847561",
            "email": "billing@acme-prod.iam.gserviceaccount.com",
            "email_verified": true,
            "exp": now + 3600,
            "iat": now,
            "iss": "https://accounts.google.com",
            "sub": "104838475612093847561",
        }),
    }
}

#[tokio::test]
async fn a_service_account_token_for_this_service_is_accepted() {
    let recorded = recorded();
    let valid = token(&recorded);
    let verifier = recorded.online(preset());
    let identity = verify_token(&verifier, &recorded.mint(&valid)).await.unwrap();
    assert_eq!(identity.subject(), Some("104838475612093847561"));
    assert!(identity.scopes().is_empty(), "the token has no scopes");
}

#[tokio::test]
async fn tokens_that_any_account_can_request_are_rejected() {
    use TokenFault::{Audience, Claims, Issuer, Type};
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let valid = token(&recorded);
    let same = || json!({});
    let other_account = json!({
        "sub": "999999999999999999999", "azp": "999999999999999999999",
        "email": "x@evil-project.iam.gserviceaccount.com",
    });
    let user = json!({
        "aud": "123456789012-4kxmpl2q7a.apps.googleusercontent.com", "sub": "110169484474386276334",
        "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q", "hd": "acme.example", "email": "alice@acme.example",
    });
    let near_misses = vec![
        ("another project's account", same(), other_account, Claims),
        ("without sub", same(), json!({ "sub": null }), Claims),
        ("a user's ID token", same(), user.clone(), Audience),
        ("for our audience", same(), both(&user, json!({ "aud": valid.claims["aud"] })), Type),
        ("the old name of Google", same(), json!({ "iss": "accounts.google.com" }), Issuer),
        (
            "another service",
            same(),
            json!({ "aud": "https://billing-4kxmpl2q7a-ey.a.run.app" }),
            Audience,
        ),
        (
            "a path after ours",
            same(),
            json!({ "aud": format!("{}/x", valid.claims["aud"].as_str().unwrap()) }),
            Audience,
        ),
    ];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;
}

#[tokio::test]
async fn a_check_accepts_several_accounts_and_no_others() {
    let recorded = recorded();
    let verifier = recorded.online(preset_of_several());
    let valid = token(&recorded);
    let second = json!({ "sub": "116029384756102938475" });
    let second = Token { claims: changed(&valid.claims, &second), ..valid.clone() };
    assert!(verify_token(&verifier, &recorded.mint(&second)).await.is_ok());
    let other_account = json!({ "sub": "999999999999999999999" });
    let near_misses = vec![("another's account", json!({}), other_account, TokenFault::Rejected)];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;
}

#[tokio::test]
async fn opaque_access_tokens_of_google_are_rejected() {
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let opaque = "ya29.a0AfB_byC-4kxmpl2q7aXk9Q_0pQ1rS2tU3vW4xY5z";
    assert_eq!(outcome(verify_token(&verifier, opaque).await), Err(TokenFault::Malformed));
}
