//! AD FS, whose access tokens have another issuer than its metadata.

use portcullis::{
    Algorithm, JwtVerifier,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::json;

use super::recorded::{Recorded, Token, both, scopes};
use crate::support::outcome::{outage, verify_token};

const ISSUER: &str = "https://adfs.acme.example/adfs";
const KID: &str = "bfkH1J2hCF6AHrpD1tsZV0lVqUk";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("http://adfs.acme.example/adfs/services/trust")
        .metadata_issuer("https://adfs.acme.example/adfs")
        .audience("microsoft:identityserver:orders-api")
        .algorithms([Algorithm::Rs256])
}

fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let jwk = json!({ "alg": "RS256", "use": "sig", "kid": KID, "x5t": KID, "x5c": ["MIIC/z=="] });
    let keys = json!({ "keys": [recorded.jwk(jwk)] });
    let metadata = json!({
        "issuer": ISSUER,
        "access_token_issuer": "http://adfs.acme.example/adfs/services/trust",
        "authorization_endpoint": format!("{ISSUER}/oauth2/authorize/"),
        "token_endpoint": format!("{ISSUER}/oauth2/token/"),
        "jwks_uri": format!("{ISSUER}/discovery/keys"),
        "scopes_supported": ["openid", "user_impersonation", "allatclaims"],
        "microsoft_multi_refresh_token": true,
    });
    recorded
        .serving(&format!("{ISSUER}/.well-known/openid-configuration"), metadata)
        .serving(&format!("{ISSUER}/discovery/keys"), keys)
}

fn access_token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "typ": "JWT", "alg": "RS256", "x5t": KID, "kid": KID }),
        claims: json!({
            "aud": "microsoft:identityserver:orders-api",
            "iss": "http://adfs.acme.example/adfs/services/trust",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "apptype": "Confidential",
            "appid": "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
            "authmethod": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
            "auth_time": "2026-11-27T09:00:00.000Z",
            "ver": "1.0",
            "scp": "openid orders.read",
            "upn": "alice@acme.example",
        }),
    }
}

#[tokio::test]
async fn access_tokens_are_accepted() {
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let token = recorded.mint(&access_token(&recorded));
    let identity = verify_token(&verifier, &token).await.unwrap();
    assert_eq!(identity.client_id(), Some("0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"));
    assert_eq!(scopes(&identity), "openid orders.read");
}

#[tokio::test]
async fn all_but_access_tokens_for_this_api_are_rejected() {
    use TokenFault::{Audience, Issuer};
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let valid = access_token(&recorded);
    let same = || json!({});
    let id_token = json!({
        "iss": ISSUER, "aud": "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", "appid": null, "scp": null,
        "sub": "UiGqyr1rGAPl", "unique_name": "ACME\\alice", "sid": "S-1-5-21-1-2-3-1104",
    });
    let for_us = both(&id_token, json!({ "aud": "microsoft:identityserver:orders-api" }));
    let near_misses = vec![
        ("an ID token", same(), id_token, Issuer),
        ("an ID token for our audience", same(), for_us, Issuer),
        ("the issuer of the metadata", same(), json!({ "iss": ISSUER }), Issuer),
        (
            "the issuer with https",
            same(),
            json!({ "iss": "https://adfs.acme.example/adfs/services/trust" }),
            Issuer,
        ),
        ("another API", same(), json!({ "aud": "microsoft:identityserver:billing" }), Audience),
        ("user info", same(), json!({ "aud": "urn:microsoft:userinfo" }), Audience),
    ];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;
}

#[tokio::test(start_paused = true)]
async fn metadata_with_another_issuer_is_not_used() {
    let other = json!({
        "issuer": "https://evil.example/adfs", "jwks_uri": format!("{ISSUER}/discovery/keys"),
    });
    let recorded = recorded();
    let token = recorded.mint(&access_token(&recorded));
    let recorded = recorded.serving(&format!("{ISSUER}/.well-known/openid-configuration"), other);
    let error = outage(&recorded.online(preset()), &token).await;
    let cause = std::error::Error::source(&error).unwrap().to_string();
    for issuer in ["https://evil.example/adfs", ISSUER] {
        assert!(cause.contains(issuer), "{cause}");
    }
    // Without the setting, the name in the tokens would have to be a URL with metadata.
    let plain = JwtVerifier::builder("http://adfs.acme.example/adfs/services/trust");
    let error = plain.audience("a").http_client(recorded.client()).build().unwrap_err();
    assert!(error.to_string().contains("`metadata_url`"), "{error}");
}
