//! `Debug` of every type that contains a secret, and messages about invalid configuration.

use std::fmt::Debug;

use http::header::AUTHORIZATION;
use portcullis::{
    Algorithm, AuthenticateLayer, BearerToken, Identity, IntrospectionVerifier, Issuers,
    JwtVerifier, OwnTokenVerifier, Secret, Verification,
    own_tokens::{MemoryTokenStore, OwnTokenFormat},
    testing::TestIssuer,
};
use serde_json::json;

use super::search::{HMAC, PASSWORD, PRIVATE, assert_clean, bytes, traces};
use crate::support::{API, outcome::verify_token};

// Verifies rfc9700-4.9.3-secrets.
#[tokio::test]
async fn debug_shows_no_secrets() {
    let issuer = TestIssuer::new();
    let token = issuer.token().audience(API).claim("note", json!(PRIVATE)).mint();
    let builder = || issuer.verifier().audience(API).hmac_secret(Algorithm::Hs256, HMAC);
    let verifier = builder().build().unwrap();
    let fetching = issuer.verifier().audience(API).build().unwrap();
    let identity = verify_token(&fetching, &token).await.unwrap();
    let mut headers = http::HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    let bearer = BearerToken::from_headers(&headers).unwrap();
    let layer = AuthenticateLayer::bearer(verifier.clone());

    let introspection = || {
        let builder = IntrospectionVerifier::builder("https://issuer.test/introspect");
        builder
            .client_secret_post("orders", PASSWORD)
            .audience(API)
            .http_client(issuer.http_client())
    };
    let format = OwnTokenFormat::new("acme_pat").unwrap();
    let own_token = format.generate().unwrap();
    let store = MemoryTokenStore::new();

    let types: [&dyn Debug; 20] = [
        &introspection(),
        &introspection().build().unwrap(),
        &own_token,
        &format,
        &store,
        &OwnTokenVerifier::builder(format.clone(), MemoryTokenStore::new()).build().unwrap(),
        &Secret::from(HMAC),
        &Some(Secret::from(HMAC)),
        &builder(),
        &builder().dangerous(),
        &verifier,
        &Issuers::builder().trust(verifier.clone()),
        &Issuers::builder().trust(verifier.clone()).build().unwrap(),
        &layer,
        &verifier.readiness(),
        &bearer,
        &bearer.clone().into_owned(),
        &identity,
        &Verification::ready(Ok(identity.clone())),
        &Identity::assertion().claims_json(format!("{{\"note\":\"{PRIVATE}\"}}")),
    ];
    let secrets =
        [traces(&token), traces(own_token.reveal()), bytes(HMAC).into(), bytes(PASSWORD).into()];
    let secrets = secrets.concat();
    for (index, one) in types.iter().enumerate() {
        let shown = [format!("{one:?}"), format!("{one:#?}")];
        assert_clean(&shown, &secrets, &format!("type {index}"));
    }
}

#[test]
fn messages_about_invalid_configuration_show_no_secrets() {
    const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
    let builder = || JwtVerifier::builder("https://as.example").audience(API);
    let private = |line_end: &str| {
        ["-----BEGIN PRIVATE KEY-----", KEY, "-----END PRIVATE KEY-----"].join(line_end)
    };
    let secret_jwk = json!({ "keys": [{ "kty": "oct", "k": KEY }] }).to_string();
    for (what, builder) in [
        ("a short secret", builder().hmac_secret(Algorithm::Hs512, KEY)),
        ("a secret for RS256", builder().hmac_secret(Algorithm::Rs256, HMAC)),
        ("a private key", builder().pem_key(private("\n"))),
        ("a private key without line breaks", builder().pem_key(private("\\n"))),
        ("a private key in one line", builder().pem_key(private(""))),
        ("a key without its frame", builder().pem_key(KEY)),
        ("a secret instead of a key", builder().pem_key(HMAC)),
        ("a JWK Set of secrets", builder().jwk_set(secret_jwk)),
        ("a text instead of a JWK Set", builder().jwk_set(KEY)),
    ] {
        let error = builder.build().expect_err(what);
        let shown = [error.to_string(), format!("{error:?}")];
        let secrets: Vec<_> = bytes(HMAC).into_iter().chain([KEY[..16].to_owned()]).collect();
        assert_clean(&shown, &secrets, what);
    }
}
