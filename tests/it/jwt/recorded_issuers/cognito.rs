//! Amazon Cognito.

use portcullis::{
    Algorithm, JwtVerifier,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::json;

use super::recorded::{Recorded, Token, both, changed, outcome, scopes};
use crate::support::outcome::verify_token;

const ISSUER: &str = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ex4mPle01";
const CLIENT: &str = "4fr2ex4mple5n0client8id7";
const ACCESS_KID: &str = "Yl5kFoeaYSKsq4fvzf8KXqQJwlFr6Gb2Hs5T5T9Ev2E=";
const ID_KID: &str = "3Kl9xk1vGkcQzZkqj8hJt0o5W2Yb6sC1yq9n8mD4w7A=";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ex4mPle01")
        .client("4fr2ex4mple5n0client8id7")
        .require_claim("token_use", "access")
        .algorithms([Algorithm::Rs256])
}

/// For clients that request a resource. Their tokens have an audience.
fn preset_of_a_resource() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ex4mPle01")
        .audience("https://orders.acme.example")
        .require_claim("token_use", "access")
        .algorithms([Algorithm::Rs256])
}

/// One key signs access tokens, the other ID tokens. Here both are the same, so that only the rules distinguish
/// the tokens.
fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let key = |kid: &str| recorded.jwk(json!({ "alg": "RS256", "use": "sig", "kid": kid }));
    let keys = json!({ "keys": [key(ID_KID), key(ACCESS_KID)] });
    let metadata = json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://acme.auth.eu-central-1.amazoncognito.com/oauth2/authorize",
        "token_endpoint": "https://acme.auth.eu-central-1.amazoncognito.com/oauth2/token",
        "jwks_uri": format!("{ISSUER}/.well-known/jwks.json"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
    });
    recorded
        .serving(&format!("{ISSUER}/.well-known/openid-configuration"), metadata)
        .serving(&format!("{ISSUER}/.well-known/jwks.json"), keys)
}

fn access_token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "kid": ACCESS_KID, "alg": "RS256" }),
        claims: json!({
            "sub": "73a4a832-40a1-70fc-1ba4-f4a2a6e0d7c1",
            "cognito:groups": ["staff"],
            "iss": ISSUER,
            "version": 2,
            "client_id": CLIENT,
            "origin_jti": "5b9f50a3-05da-454a-8b99-b79c2349de77",
            "event_id": "0ed5ad5c-7182-4ecf-9f4d-8f8b8e1bdb5e",
            "token_use": "access",
            "scope": "openid orders/read",
            "auth_time": now,
            "exp": now + 3600,
            "iat": now,
            "jti": "f9c0d6f8-1e1b-4e3c-9c6a-0f3b0f5b8d52",
            "username": "alice",
        }),
    }
}

#[tokio::test]
async fn tokens_of_users_and_machines_are_accepted() {
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let user = access_token(&recorded);
    let identity = verify_token(&verifier, &recorded.mint(&user)).await.unwrap();
    assert_eq!(identity.client_id(), Some(CLIENT));
    assert_eq!(scopes(&identity), "openid orders/read");

    let machine = json!({
        "sub": CLIENT, "cognito:groups": null, "origin_jti": null, "event_id": null,
        "username": null, "scope": "orders/write",
    });
    let machine = Token { claims: changed(&user.claims, &machine), ..user.clone() };
    let machine = outcome(verify_token(&verifier, &recorded.mint(&machine)).await);
    assert_eq!(machine.as_deref(), Ok("orders/write"));

    let by_groups = recorded.online(preset().roles("cognito:groups"));
    let member = verify_token(&by_groups, &recorded.mint(&user)).await.unwrap();
    assert_eq!(scopes(&member), "openid orders/read");
    assert!(member.has_role("staff"));
}

#[tokio::test]
async fn all_but_access_tokens_of_this_client_are_rejected() {
    use TokenFault::{Audience, Claims, Issuer, Type};
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let valid = access_token(&recorded);
    let same = || json!({});
    let id_token = json!({
        "aud": CLIENT, "token_use": "id", "client_id": null, "scope": null, "version": null,
        "cognito:username": "alice", "email": "alice@acme.example", "email_verified": true,
        "at_hash": "AbCdEfGhIjKlMnOpQrStUw",
    });
    let without = |claim: &str| both(&id_token, json!({ claim: null }));
    let id = || json!({ "kid": ID_KID });
    let other_pool = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ex4mPle02";
    let near_misses = vec![
        ("an ID token", id(), id_token.clone(), Audience),
        ("an ID token without aud", id(), without("aud"), Audience),
        ("with client_id", id(), both(&without("aud"), json!({ "client_id": CLIENT })), Type),
        ("token_use alone", same(), json!({ "token_use": "id" }), Type),
        ("without token_use", same(), json!({ "token_use": null }), Claims),
        ("token_use in a list", same(), json!({ "token_use": ["access"] }), Claims),
        ("another client", same(), json!({ "client_id": "1ex4mple2other3client4id" }), Audience),
        ("azp for client_id", same(), json!({ "client_id": null, "azp": CLIENT }), Audience),
        ("without client_id", same(), json!({ "client_id": null }), Audience),
        ("for a resource", same(), json!({ "aud": "https://orders.acme.example" }), Audience),
        ("another pool", same(), json!({ "iss": other_pool }), Issuer),
    ];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;
}

#[tokio::test]
async fn tokens_for_a_resource_are_accepted_by_their_audience() {
    let recorded = recorded();
    let verifier = recorded.online(preset_of_a_resource());
    let old = access_token(&recorded);
    let aud = json!({ "aud": "https://orders.acme.example" });
    let valid = Token { claims: changed(&old.claims, &aud), ..old };
    let near_misses = vec![
        ("without a resource", json!({}), json!({ "aud": null }), TokenFault::Audience),
        ("the client as audience", json!({}), json!({ "aud": CLIENT }), TokenFault::Audience),
        ("an ID token", json!({}), json!({ "token_use": "id" }), TokenFault::Type),
    ];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;
}
