//! Firebase Authentication, whose clients send ID tokens.

use portcullis::{
    Algorithm, JwtVerifier,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::json;

use super::recorded::{Recorded, Token};
use crate::support::outcome::verify_token;

const ISSUER: &str = "https://securetoken.google.com/acme-orders";
const KEYS: &str =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
const KID: &str = "f90fb1ae048a548fb681ad6092b0b869ea467ac6";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://securetoken.google.com/acme-orders")
        .audience("acme-orders")
        .algorithms([Algorithm::Rs256])
}

fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let keys = json!({
        "keys": [recorded.jwk(json!({ "alg": "RS256", "use": "sig", "kid": KID }))],
    });
    let metadata = json!({
        "issuer": ISSUER,
        "jwks_uri": KEYS,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    recorded
        .serving(&format!("{ISSUER}/.well-known/openid-configuration"), metadata)
        .serving(KEYS, keys)
}

fn token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "alg": "RS256", "kid": KID, "typ": "JWT" }),
        claims: json!({
            "name": "Alice",
            "iss": ISSUER,
            "aud": "acme-orders",
            "auth_time": now - 600,
            "user_id": "Xk2mP8qLr5TzWv9bNc4dYf7gHj13",
            "sub": "Xk2mP8qLr5TzWv9bNc4dYf7gHj13",
            "iat": now,
            "exp": now + 3600,
            "email": "alice@acme.example",
            "email_verified": true,
            "firebase": {
                "identities": { "email": ["alice@acme.example"] },
                "sign_in_provider": "password",
            },
        }),
    }
}

#[tokio::test]
async fn tokens_of_the_project_are_accepted() {
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let token = recorded.mint(&token(&recorded));
    let identity = verify_token(&verifier, &token).await.unwrap();
    assert_eq!(identity.subject(), Some("Xk2mP8qLr5TzWv9bNc4dYf7gHj13"));
    assert!(identity.scopes().is_empty());
}

#[tokio::test]
async fn tokens_of_other_projects_and_session_cookies_are_rejected() {
    use TokenFault::{Audience, Issuer};
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let same = || json!({});
    let other = json!({ "iss": "https://securetoken.google.com/evil", "aud": "evil" });
    let near_misses = vec![
        ("another project", same(), other, Issuer),
        (
            "another project for us",
            same(),
            json!({ "iss": "https://securetoken.google.com/evil" }),
            Issuer,
        ),
        ("ours for another project", same(), json!({ "aud": "evil" }), Audience),
        (
            "a session cookie",
            same(),
            json!({ "iss": "https://session.firebase.google.com/acme-orders" }),
            Issuer,
        ),
    ];
    recorded.assert_rejected(&verifier, &token(&recorded), near_misses).await;
}
