//! Okta, with a custom authorization server for the API.

use portcullis::{
    Algorithm, JwtVerifier,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::json;

use super::recorded::{Recorded, Token, both, changed, outcome, scopes};
use crate::support::outcome::verify_token;

const ISSUER: &str = "https://acme.okta.com/oauth2/default";
const KID: &str = "rpf6qT0Uj8yDk5DJ1aLz3mFh2gq0b2K3mQ1zVdQ9w6I";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://acme.okta.com/oauth2/default")
        .audience("api://default")
        .algorithms([Algorithm::Rs256])
}

fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let keys = json!({
        "keys": [recorded.jwk(json!({ "alg": "RS256", "use": "sig", "kid": KID }))],
    });
    let metadata = json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/v1/authorize"),
        "token_endpoint": format!("{ISSUER}/v1/token"),
        "jwks_uri": format!("{ISSUER}/v1/keys"),
        "introspection_endpoint": format!("{ISSUER}/v1/introspect"),
        "dpop_signing_alg_values_supported": ["RS256", "RS384", "RS512", "ES256"],
    });
    recorded
        .serving(&format!("{ISSUER}/.well-known/openid-configuration"), metadata)
        .serving(&format!("{ISSUER}/v1/keys"), keys)
}

fn access_token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "kid": KID, "alg": "RS256" }),
        claims: json!({
            "ver": 1,
            "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
            "iss": ISSUER,
            "aud": "api://default",
            "iat": now,
            "exp": now + 3600,
            "cid": "0oa1xmpleClient9d5d7",
            "uid": "00u1xmpleUser5x8f5d7",
            "scp": ["openid", "orders.read"],
            "auth_time": now,
            "sub": "alice@acme.example",
        }),
    }
}

#[tokio::test]
async fn tokens_of_users_and_services_are_accepted() {
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let user = access_token(&recorded);
    let identity = verify_token(&verifier, &recorded.mint(&user)).await.unwrap();
    assert_eq!(identity.client_id(), Some("0oa1xmpleClient9d5d7"));
    assert_eq!(scopes(&identity), "openid orders.read");

    let service = json!({
        "sub": "0oa1xmpleClient9d5d7", "uid": null, "auth_time": null, "scp": ["orders.write"],
    });
    let service = Token { claims: changed(&user.claims, &service), ..user };
    let outcome = outcome(verify_token(&verifier, &recorded.mint(&service)).await);
    assert_eq!(outcome.as_deref(), Ok("orders.write"));
}

#[tokio::test]
async fn all_but_access_tokens_for_this_api_are_rejected() {
    use TokenFault::{Audience, Claims, Issuer, Type};
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let valid = access_token(&recorded);
    let same = || json!({});
    let id_token = json!({
        "jti": "ID.4eAWJOCMB3SX8XewDfVR", "aud": "0oa1xmpleClient9d5d7", "cid": null, "uid": null,
        "scp": null, "amr": ["pwd"], "idp": "00o1xmpleOrg", "nonce": "bm9uY2U",
        "at_hash": "cpqKfdQA5eH891Ff5oJr_Q",
    });
    let id_token_for_us = both(&id_token, json!({ "aud": "api://default" }));
    let org_server = json!({ "iss": "https://acme.okta.com", "aud": "https://acme.okta.com" });
    let near_misses = vec![
        ("an ID token", same(), id_token, Audience),
        ("an ID token for our audience", same(), id_token_for_us, Type),
        ("of the org authorization server", same(), org_server, Issuer),
        (
            "of another server",
            same(),
            json!({ "iss": "https://acme.okta.com/oauth2/aus1" }),
            Issuer,
        ),
        (
            "of a preview org",
            same(),
            json!({ "iss": "https://acme.oktapreview.com/oauth2/default" }),
            Issuer,
        ),
        ("of another API", same(), json!({ "aud": "api://billing" }), Audience),
        ("scopes that are no texts", same(), json!({ "scp": [1] }), Claims),
        ("a DPoP proof", json!({ "typ": "dpop+jwt" }), same(), Type),
    ];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;
}
