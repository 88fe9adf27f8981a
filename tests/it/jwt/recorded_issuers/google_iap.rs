//! Google's Identity-Aware Proxy, which signs for all of its customers with the same keys.

use portcullis::{
    Algorithm, JwtVerifier,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::json;

use super::recorded::{Recorded, Token};
use crate::support::outcome::verify_token;

const KEYS: &str = "https://www.gstatic.com/iap/verify/public_key-jwk";
const KID: &str = "2nMJtw";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://cloud.google.com/iap")
        .jwks_uri("https://www.gstatic.com/iap/verify/public_key-jwk")
        .audience("/projects/123456789012/global/backendServices/4567890123456789012")
        .algorithms([Algorithm::Es256])
}

fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let keys = ["mpf0DA", KID, "b9vTLA", "f9R3yg", "s3nVXQ"];
    let keys = keys.map(|kid| recorded.ec_jwk(json!({ "alg": "ES256", "use": "sig", "kid": kid })));
    recorded.serving(KEYS, json!({ "keys": keys }))
}

fn token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "alg": "ES256", "typ": "JWT", "kid": KID }),
        claims: json!({
            "aud": "/projects/123456789012/global/backendServices/4567890123456789012",
            "azp": "/projects/123456789012/global/backendServices/4567890123456789012",
            "email": "alice@acme.example",
            "exp": now + 600,
            "google": { "access_levels": ["accessPolicies/1/accessLevels/recent"] },
            "hd": "acme.example",
            "iat": now,
            "identity_source": "GOOGLE",
            "iss": "https://cloud.google.com/iap",
            "sub": "accounts.google.com:104838475612093847561",
        }),
    }
}

#[tokio::test]
async fn tokens_for_this_backend_are_accepted() {
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let token = recorded.mint(&token(&recorded));
    let identity = verify_token(&verifier, &token).await.unwrap();
    assert_eq!(identity.subject(), Some("accounts.google.com:104838475612093847561"));
}

#[tokio::test]
async fn tokens_for_other_backends_are_rejected() {
    use TokenFault::{Audience, Issuer};
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let same = || json!({});
    let near_misses = vec![
        (
            "another customer",
            same(),
            json!({ "aud": "/projects/999999999999/global/backendServices/1" }),
            Audience,
        ),
        (
            "another backend of ours",
            same(),
            json!({ "aud": "/projects/123456789012/global/backendServices/1" }),
            Audience,
        ),
        (
            "App Engine",
            same(),
            json!({ "aud": "/projects/123456789012/apps/acme-orders" }),
            Audience,
        ),
        ("a Google account", same(), json!({ "iss": "https://accounts.google.com" }), Issuer),
    ];
    recorded.assert_rejected(&verifier, &token(&recorded), near_misses).await;
}
