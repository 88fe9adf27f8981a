//! Zitadel, with JWTs as access tokens.

use portcullis::{
    Algorithm, JwtVerifier,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::json;

use super::recorded::{Recorded, Token, both};
use crate::support::outcome::verify_token;

const ISSUER: &str = "https://acme-7xk2mp.zitadel.cloud";
const KID: &str = "282417093648157699";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://acme-7xk2mp.zitadel.cloud")
        .audience("280746203948570123")
        .algorithms([Algorithm::Rs256])
        .roles("urn:zitadel:iam:org:project:roles")
}

fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let keys = json!({
        "keys": [recorded.jwk(json!({ "use": "sig", "kid": KID, "alg": "RS256" }))],
    });
    let metadata = json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/oauth/v2/authorize"),
        "token_endpoint": format!("{ISSUER}/oauth/v2/token"),
        "introspection_endpoint": format!("{ISSUER}/oauth/v2/introspect"),
        "jwks_uri": format!("{ISSUER}/oauth/v2/keys"),
    });
    recorded
        .serving(&format!("{ISSUER}/.well-known/openid-configuration"), metadata)
        .serving(&format!("{ISSUER}/oauth/v2/keys"), keys)
}

fn access_token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "alg": "RS256", "kid": KID, "typ": "JWT" }),
        claims: json!({
            "iss": ISSUER,
            "sub": "280746311829304561",
            "aud": ["280746255812304897", "280746203948570123"],
            "exp": now + 43_200,
            "iat": now,
            "nbf": now,
            "client_id": "280746255812304897",
            "jti": "V2_282501122222718979-at_282501122222784515",
            "urn:zitadel:iam:org:project:roles": {
                "orders.clerk": { "280745998104592385": "acme.zitadel.cloud" },
            },
        }),
    }
}

#[tokio::test]
async fn access_tokens_are_accepted_with_roles() {
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let token = recorded.mint(&access_token(&recorded));
    let identity = verify_token(&verifier, &token).await.unwrap();
    assert_eq!(identity.client_id(), Some("280746255812304897"));
    assert!(identity.scopes().is_empty());
    assert!(identity.roles().iter().eq(["orders.clerk"]));
}

#[tokio::test]
async fn all_but_access_tokens_for_this_project_are_rejected() {
    use TokenFault::{Audience, Issuer, Type};
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let valid = access_token(&recorded);
    let same = || json!({});
    let id_token = json!({
        "azp": "280746255812304897", "client_id": null, "jti": null, "amr": ["pwd"],
        "auth_time": recorded.now(), "sid": "V1_282501122222653443",
        "at_hash": "cpqKfdQA5eH891Ff5oJr_Q",
    });
    let by_client = both(&id_token, json!({ "at_hash": null, "aud": ["280746255812304897"] }));
    let near_misses = vec![
        ("an ID token", same(), id_token, Type),
        ("an ID token for its client", same(), by_client, Audience),
        ("another project", same(), json!({ "aud": ["280746255812304897", "1"] }), Audience),
        ("another instance", same(), json!({ "iss": "https://evil.zitadel.cloud" }), Issuer),
    ];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;
}
