//! Azure AD B2C, whose metadata is not at the well-known URL of its issuer.

use portcullis::{
    Algorithm, JwtVerifier,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::{Value, json};

use super::recorded::{Recorded, Token, scopes};
use crate::support::outcome::{outage, verify_token};

const ISSUER: &str = "https://acme.b2clogin.com/775527ff-9a37-4307-8b3d-cc311f58d925/v2.0/";
const POLICY: &str = "https://acme.b2clogin.com/acme.onmicrosoft.com/B2C_1_signin";
const KID: &str = "X5eXk4xyojNFum1kl2Ytv8dlNP4-c57dO6QGTVBwaNk";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://acme.b2clogin.com/775527ff-9a37-4307-8b3d-cc311f58d925/v2.0/")
        .metadata_url(
            "https://acme.b2clogin.com/acme.onmicrosoft.com/B2C_1_signin/v2.0/.well-known/openid-configuration",
        )
        .audience("90c0fe63-bcf2-44d5-8fb7-b8bbc0b29dc6")
        .algorithms([Algorithm::Rs256])
        .require_claim("tfp", "B2C_1_signin")
        .check(|identity| match identity.client_id() {
            Some(_) => Ok(()),
            // An ID token: its audience is the same where API and app share a registration.
            None => Err(TokenFault::Type.into()),
        })
}

fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{POLICY}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{POLICY}/oauth2/v2.0/token"),
        "jwks_uri": format!("{POLICY}/discovery/v2.0/keys"),
        "id_token_signing_alg_values_supported": ["RS256"],
    })
}

fn recorded(issuer: &str) -> Recorded {
    let recorded = Recorded::new();
    let keys = json!({
        "keys": [recorded.jwk(json!({ "kid": KID, "use": "sig", "nbf": 1_493_763_266 }))],
    });
    recorded
        .serving(&format!("{POLICY}/v2.0/.well-known/openid-configuration"), metadata(issuer))
        .serving(&format!("{POLICY}/discovery/v2.0/keys"), keys)
}

fn access_token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "typ": "JWT", "alg": "RS256", "kid": KID }),
        claims: json!({
            "iss": ISSUER,
            "exp": now + 3600,
            "nbf": now,
            "aud": "90c0fe63-bcf2-44d5-8fb7-b8bbc0b29dc6",
            "sub": "884408e1-2918-4c3a-9d5b-0f6a7b8c9d0e",
            "oid": "884408e1-2918-4c3a-9d5b-0f6a7b8c9d0e",
            "tfp": "B2C_1_signin",
            "nonce": "anyRandomValue",
            "scp": "orders.read orders.write",
            "azp": "1f3c2b4a-5d6e-4f70-8192-a3b4c5d6e7f8",
            "ver": "1.0",
            "iat": now,
        }),
    }
}

#[tokio::test]
async fn access_tokens_are_accepted_with_the_keys_of_the_policy() {
    let recorded = recorded(ISSUER);
    let verifier = recorded.online(preset());
    let token = recorded.mint(&access_token(&recorded));
    let identity = verify_token(&verifier, &token).await.unwrap();
    assert_eq!(identity.client_id(), Some("1f3c2b4a-5d6e-4f70-8192-a3b4c5d6e7f8"));
    assert_eq!(scopes(&identity), "orders.read orders.write");
}

#[tokio::test]
async fn all_but_access_tokens_of_this_policy_are_rejected() {
    use TokenFault::{Audience, Claims, Issuer, Type};
    let recorded = recorded(ISSUER);
    let verifier = recorded.online(preset());
    let valid = access_token(&recorded);
    let same = || json!({});
    let id_token = json!({ "azp": null, "scp": null, "auth_time": recorded.now() });
    let near_misses = vec![
        ("an ID token for our audience", same(), id_token, Type),
        ("another policy", same(), json!({ "tfp": "B2C_1_signup" }), Claims),
        ("no policy", same(), json!({ "tfp": null }), Claims),
        ("another API", same(), json!({ "aud": "1f3c2b4a-5d6e-4f70-8192-a3b4c5d6e7f8" }), Audience),
        ("the issuer with its policy", same(), json!({ "iss": format!("{POLICY}/v2.0/") }), Issuer),
    ];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;
}

#[tokio::test(start_paused = true)]
async fn the_metadata_must_name_the_configured_issuer() {
    for other in ["https://acme.b2clogin.com/775527ff-9a37-4307-8b3d-cc311f58d925/v2.0", POLICY] {
        let recorded = recorded(other);
        let token = recorded.mint(&access_token(&recorded));
        let error = outage(&recorded.online(preset()), &token).await;
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(&format!("`{other}`")) && cause.contains(ISSUER), "{cause}");
        // Unless that is the expected issuer.
        let verifier = recorded.online(preset().metadata_issuer(other));
        assert!(verify_token(&verifier, &token).await.is_ok());
    }
}
