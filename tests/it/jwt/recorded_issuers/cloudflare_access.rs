//! Cloudflare Access, which sends a token in a separate header.

use http::Request;
use portcullis::{
    Algorithm, AuthenticateLayer, JwtVerifier,
    credentials::RequestHead,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::json;

use super::recorded::{Recorded, Token, changed};
use crate::support::{outcome::verify_token, send, whoami};

const ISSUER: &str = "https://acme.cloudflareaccess.com";
const KID: &str = "9338abe1baf2fe492f646a736f25afbf7b025e35c627be4f60c414d4c73069b8";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://acme.cloudflareaccess.com")
        .jwks_uri("https://acme.cloudflareaccess.com/cdn-cgi/access/certs")
        .audience("32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228")
        .algorithms([Algorithm::Rs256])
        .require_claim("type", "app")
}

fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let key = |kid: &str| recorded.jwk(json!({ "kid": kid, "alg": "RS256", "use": "sig" }));
    let certificate = json!({ "kid": KID, "cert": "-----BEGIN CERTIFICATE-----\n…" });
    let keys = json!({
        "keys": [key("1a1c3986a44ce6390be42ec772b031df8f433fdc71716db821dc0c39af3bce49"), key(KID)],
        "public_cert": certificate,
        "public_certs": [certificate],
    });
    recorded.serving(&format!("{ISSUER}/cdn-cgi/access/certs"), keys)
}

fn token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "alg": "RS256", "kid": KID, "typ": "JWT" }),
        claims: json!({
            "aud": ["32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228"],
            "email": "alice@acme.example",
            "exp": now + 86_400,
            "iat": now,
            "nbf": now,
            "iss": ISSUER,
            "type": "app",
            "identity_nonce": "6ei69kawdKzMIAPF",
            "sub": "7335d417-61da-459d-899c-0a01c76a2f94",
            "country": "DE",
        }),
    }
}

#[tokio::test]
async fn tokens_of_users_and_service_tokens_are_accepted() {
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let user = token(&recorded);
    let identity = verify_token(&verifier, &recorded.mint(&user)).await.unwrap();
    assert_eq!(identity.subject(), Some("7335d417-61da-459d-899c-0a01c76a2f94"));
    let service = json!({
        "common_name": "1234567890abcdef1234567890abcdef.access", "sub": "", "email": null,
        "identity_nonce": null, "country": null,
    });
    let service = Token { claims: changed(&user.claims, &service), ..user };
    let identity = verify_token(&verifier, &recorded.mint(&service)).await.unwrap();
    assert_eq!(identity.subject(), Some(""));
}

#[tokio::test]
async fn the_token_is_read_from_its_header() {
    let recorded = recorded();
    let source = |request: &RequestHead<'_>| {
        let token = request.headers().get("cf-access-jwt-assertion");
        Ok(token.and_then(|token| token.to_str().ok()).map(str::to_owned))
    };
    let layer = AuthenticateLayer::bearer(recorded.online(preset())).source(source);
    let app = whoami().layer(layer);
    let request = Request::get("/")
        .header("cf-access-jwt-assertion", recorded.mint(&token(&recorded)))
        .body(axum::body::Body::empty())
        .unwrap();
    let response = send(&app, request).await;
    assert_eq!(&*response.body, "7335d417-61da-459d-899c-0a01c76a2f94");
}

#[tokio::test]
async fn tokens_of_other_applications_and_of_the_team_are_rejected() {
    use TokenFault::{Audience, Claims, Issuer};
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let same = || json!({});
    let other = "97e2aae120121f902df8bc99fc345913ab186d174f3079ea729236766b2e7c4a";
    let near_misses = vec![
        ("another application", same(), json!({ "aud": [other] }), Audience),
        ("a global session", same(), json!({ "type": "org", "aud": [ISSUER] }), Audience),
        ("a global session for us", same(), json!({ "type": "org" }), Claims),
        ("another team", same(), json!({ "iss": "https://evil.cloudflareaccess.com" }), Issuer),
    ];
    recorded.assert_rejected(&verifier, &token(&recorded), near_misses).await;
}
