//! Tokens of other kinds, signed by the issuer with a valid key.

use portcullis::{
    error::TokenFault,
    jwt::Profile,
    testing::{TestIssuer, TokenBuilder},
};
use serde_json::json;

use super::{accepts, builder, outcome, token};

/// Other kinds of tokens that an issuer may sign, as similar to access tokens as possible: for the same
/// audience, and with every claim of an access token.
fn other_tokens(issuer: &TestIssuer) -> Vec<(&'static str, TokenBuilder)> {
    let token = || token(issuer);
    let jwt = || token().header("typ", json!("JWT"));
    let typed = |typ: &str| token().header("typ", json!(typ));
    let logout = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    vec![
        ("an ID token with at_hash", jwt().claim("nonce", json!("n")).claim("at_hash", json!("x"))),
        ("an ID token with c_hash", jwt().claim("nonce", json!("n")).claim("c_hash", json!("x"))),
        ("an ID token with s_hash", jwt().claim("nonce", json!("n")).claim("s_hash", json!("x"))),
        ("an ID token with the typ of an access token", token().claim("at_hash", json!("x"))),
        ("a hash that is not a string", jwt().claim("at_hash", json!(null))),
        ("a logout token", typed("logout+jwt").claim("events", logout.clone())),
        ("a logout token without typ", token().without_header("typ").claim("events", logout)),
        ("a security event", typed("secevent+jwt").claim("events", json!({}))),
        ("only events", jwt().claim("events", json!({}))),
        ("an introspection response", typed("token-introspection+jwt")),
        (
            "an introspection response with the full media type",
            typed("application/token-introspection+jwt"),
        ),
        ("a DPoP proof", typed("dpop+jwt")),
        ("a client assertion", typed("client-authentication+jwt")),
        ("a request object", typed("oauth-authz-req+jwt")),
        ("an entity statement", typed("entity-statement+jwt")),
        ("a verifiable credential", typed("vc+sd-jwt")),
        ("userinfo", typed("userinfo+jwt")),
        ("a refresh token of Keycloak", jwt().claim("typ", json!("Refresh"))),
        ("an offline token of Keycloak", jwt().claim("typ", json!("Offline"))),
        ("an ID token of Keycloak", jwt().claim("typ", json!("ID"))),
        ("a logout token of Keycloak", jwt().claim("typ", json!("Logout"))),
        ("an ID token of Cognito", jwt().claim("token_use", json!("id"))),
        ("a refresh token by typ, in capitals", jwt().claim("typ", json!("REFRESH"))),
        ("a refresh token by type", jwt().claim("type", json!("refresh"))),
        ("a refresh token by token_type", jwt().claim("token_type", json!("refresh_token"))),
        ("a refresh token by token_use", token().claim("token_use", json!("refresh"))),
        ("a refresh token by token_class", token().claim("token_class", json!("Refresh_Token"))),
        (
            "a refresh token by the name of RFC 8693",
            jwt().claim("token_type", json!("urn:ietf:params:oauth:token-type:refresh_token")),
        ),
    ]
}

// Verifies rfc8725-2.8-confusion, rfc8725-3.12-exclusive, rfc9068-5-confusion.
#[tokio::test]
async fn both_profiles_reject_other_kinds_of_tokens() {
    let issuer = TestIssuer::new();
    for profile in [Profile::Relaxed, Profile::Rfc9068] {
        let verifier = builder(&issuer).profile(profile).build().unwrap();
        for (case, token) in other_tokens(&issuer) {
            let outcome = outcome(&verifier, &token.mint()).await;
            assert_eq!(outcome, Err(TokenFault::Type), "{case}, {profile}");
        }
    }
}

#[tokio::test]
async fn other_kinds_of_tokens_are_rejected_with_any_audience() {
    let issuer = TestIssuer::new();
    issuer.publish(portcullis::Algorithm::Es256);
    let verifier = issuer.verifier().jwk_set(issuer.jwk_set()).dangerous().any_audience();
    let verifier = verifier.build().unwrap();
    for (case, token) in other_tokens(&issuer) {
        assert_eq!(outcome(&verifier, &token.mint()).await, Err(TokenFault::Type), "{case}");
    }
}

#[tokio::test]
async fn the_relaxed_profile_accepts_access_tokens_of_common_issuers() {
    let issuer = TestIssuer::new();
    let relaxed = builder(&issuer).build().unwrap();
    let jwt = || token(&issuer).header("typ", json!("JWT"));
    for (case, token) in [
        (
            "Auth0",
            jwt()
                .without_claim("jti")
                .claim("azp", json!("app"))
                .claim("gty", json!("client-credentials")),
        ),
        (
            "Keycloak",
            jwt().claim("typ", json!("Bearer")).claim("azp", json!("app")).claim("sid", json!("s")),
        ),
        (
            "Entra ID",
            jwt()
                .without_claim("jti")
                .claim("ver", json!("2.0"))
                .claim("uti", json!("u"))
                .claim("scp", json!("read")),
        ),
        (
            "Okta",
            token(&issuer)
                .without_header("typ")
                .claim("cid", json!("app"))
                .claim("scp", json!(["read"])),
        ),
        (
            "Cognito, with an audience",
            token(&issuer).without_header("typ").claim("token_use", json!("access")),
        ),
        (
            "RFC 9068",
            token(&issuer)
                .claim("auth_time", json!(1))
                .claim("acr", json!("2"))
                .claim("nonce", json!("n")),
        ),
        (
            "kinds that are no other token's",
            jwt()
                .claim("typ", json!("at+jwt"))
                .claim("type", json!("access"))
                .claim("token_type", json!("Bearer"))
                .claim("token_use", json!("idle"))
                .claim("token_class", json!("refreshing")),
        ),
    ] {
        assert!(accepts(&relaxed, &token.mint()).await, "{case}");
    }
}
