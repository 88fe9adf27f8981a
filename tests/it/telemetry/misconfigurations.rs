//! What operators see of common misconfigurations: for each, one line with the cause and the fix.

use std::time::Duration;

use axum::Router;
use portcullis::{
    Algorithm, AuthenticateLayer, Clock, IntrospectionVerifier, Issuers, JwtVerifier,
    http_client::HttpClient,
    testing::{TestIssuer, TokenBuilder},
};
use serde_json::json;
use tracing::Level;

use super::capture::{Capture, Line};
use crate::support::{API, issuer_with, send, whoami, with_token};

/// A service as the `server` example builds it: a list of issuers.
fn service(verifier: JwtVerifier) -> Router {
    let issuers = Issuers::builder().trust(verifier).build().unwrap();
    whoami().layer(AuthenticateLayer::bearer(issuers))
}

fn verifier(issuer: &TestIssuer) -> JwtVerifier {
    issuer.verifier().audience(API).build().unwrap()
}

/// Sends a token, and returns the one line that has all of `parts`.
async fn line_of(app: &Router, token: &str, status: u16, parts: &[&str]) -> Line {
    let (capture, _guard) = Capture::start();
    assert_eq!(send(app, with_token(token)).await.status, status);
    only_line(&capture, parts)
}

fn only_line(capture: &Capture, parts: &[&str]) -> Line {
    let lines = capture.take();
    let mut matching = lines.iter().filter(|line| {
        // The default of the example is `info,portcullis=debug`.
        line.level <= Level::DEBUG && parts.iter().all(|part| line.text.contains(part))
    });
    let line = matching.next().unwrap_or_else(|| panic!("no line with {parts:#?} in {lines:#?}"));
    assert_eq!(matching.count(), 0, "{lines:#?}");
    line.clone()
}

fn token(issuer: &TestIssuer) -> TokenBuilder {
    issuer.token().audience(API)
}

#[tokio::test]
async fn a_slash_at_the_end_of_iss() {
    let issuer = issuer_with([Algorithm::Es256]);
    let app = service(verifier(&issuer));
    let slashed = token(&issuer).claim("iss", json!("https://issuer.test/")).mint();
    let parts = [
        r#" reason="token_issuer""#,
        r#" rule="iss""#,
        r#" issuer="https://issuer.test/""#,
        r#" expected="https://issuer.test""#,
        r#" found="https://issuer.test/""#,
        "`iss` has an extra slash at the end: configure it with the slash",
    ];
    let line = line_of(&app, &slashed, 401, &parts).await;
    assert!(line.text.contains(r#" alg="ES256""#) && line.text.contains(" kid="), "{line:?}");
    assert!(line.text.contains(" method=GET path=/"), "{line:?}");
}

#[tokio::test]
async fn a_slash_at_the_end_of_the_issuer_in_the_metadata() {
    let metadata = TestIssuer::named("https://issuer.test/");
    metadata.publish(Algorithm::Es256);
    let verifier = JwtVerifier::builder("https://issuer.test")
        .audience(API)
        .clock(metadata.clock())
        .http_client(metadata.http_client())
        .build();
    let app = service(verifier.unwrap());
    let token = metadata.token().audience(API).claim("iss", json!("https://issuer.test")).mint();
    let parts = [
        "could not fetch keys",
        "is the metadata of issuer `https://issuer.test/`",
        "configure the issuer as `https://issuer.test/`, exactly as it is in its metadata",
        " took=",
    ];
    assert_eq!(line_of(&app, &token, 503, &parts).await.level, Level::WARN);
}

#[tokio::test]
async fn a_slash_at_the_end_of_aud() {
    let issuer = issuer_with([Algorithm::Es256]);
    let app = service(verifier(&issuer));
    let slashed = issuer.token().audience("https://api.example/").mint();
    let parts = [
        r#" rule="aud""#,
        r#" expected="https://api.example""#,
        r#" found="https://api.example/""#,
        "`aud` has an extra slash at the end: configure it with the slash",
    ];
    line_of(&app, &slashed, 401, &parts).await;
}

#[tokio::test]
async fn an_id_token() {
    let issuer = issuer_with([Algorithm::Es256]);
    let app = service(verifier(&issuer));
    let hint =
        "this is an ID token, which is for the client: have the client send the access token";
    for (token, rule) in [
        (token(&issuer).claim("at_hash", json!("x")).mint(), "typ"),
        (issuer.token().audience("app").claim("azp", json!("app")).mint(), "aud"),
        (issuer.token().audience("app").claim("nonce", json!("n")).mint(), "aud"),
    ] {
        line_of(&app, &token, 401, &[&format!(r#" rule="{rule}""#), hint]).await;
    }
}

#[tokio::test]
async fn a_jwe() {
    let issuer = issuer_with([Algorithm::Es256]);
    let app = service(verifier(&issuer));
    // {"alg":"RSA-OAEP-256","enc":"A256GCM"}
    let jwe = "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0.a2V5.aXY.dGV4dA.dGFn";
    let parts = [
        r#" rule="form""#,
        r#" alg="RSA-OAEP-256""#,
        r#" found="five parts""#,
        "this is a JWE: have the issuer sign the access tokens for this API instead of encrypting them",
    ];
    line_of(&app, jwe, 401, &parts).await;
}

#[tokio::test]
async fn clocks_that_differ() {
    let issuer = issuer_with([Algorithm::Es256]);
    let app = service(verifier(&issuer));
    let now = issuer.clock().now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let fast = token(&issuer).claim("iat", json!(now + 300)).mint();
    let parts = [
        r#" rule="iat""#,
        " skew=300",
        "`iat` is 5 min in the future: synchronize the clocks of this service and of the issuer (NTP)",
    ];
    line_of(&app, &fast, 401, &parts).await;
    let expired = token(&issuer).claim("exp", json!(now - 90)).mint();
    let parts = [r#" rule="exp""#, " skew=-90", "expired 90 s ago", "synchronize the clocks"];
    line_of(&app, &expired, 401, &parts).await;
}

#[tokio::test]
async fn another_algorithm() {
    let issuer = issuer_with([Algorithm::Es256]);
    let verifier = issuer.verifier().audience(API).algorithms([Algorithm::Rs256]).build().unwrap();
    let parts = [
        r#" rule="alg""#,
        r#" expected="RS256""#,
        r#" found="ES256""#,
        "an algorithm that isn't configured: add it to `algorithms`",
    ];
    let token = token(&issuer).algorithm(Algorithm::Es256).mint();
    line_of(&service(verifier), &token, 401, &parts).await;
}

#[tokio::test]
async fn a_key_that_was_left_out() {
    let issuer = issuer_with([Algorithm::Es256]);
    let mut set: serde_json::Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    let mut encryption = set["keys"][0].clone();
    encryption["kid"] = json!("for-encryption");
    encryption["use"] = json!("enc");
    set["keys"].as_array_mut().unwrap().push(encryption);
    let (capture, _guard) = Capture::start();
    let verifier = JwtVerifier::builder("https://issuer.test")
        .audience(API)
        .clock(issuer.clock())
        .jwk_set(set.to_string())
        .build();
    let app = service(verifier.unwrap());
    let line = only_line(&capture, &["key left out", "for-encryption", "reason="]);
    assert_eq!(line.level, Level::INFO);
    let token = token(&issuer).header("kid", json!("for-encryption")).mint();
    let parts = [
        r#" rule="kid""#,
        r#" kid="for-encryption""#,
        "the key is in the issuer's set, but it was left out, because",
        "have the issuer publish it correctly",
    ];
    line_of(&app, &token, 401, &parts).await;
}

/// An introspection endpoint with a fixed response.
fn introspecting(client: impl HttpClient) -> Router {
    let verifier = IntrospectionVerifier::builder("https://issuer.test/introspect")
        .client_secret_basic("orders-api", "s3cret")
        .audience(API)
        .http_client(client)
        .build()
        .unwrap();
    let issuers = Issuers::builder().opaque(verifier).build().unwrap();
    whoami().layer(AuthenticateLayer::bearer(issuers))
}

#[tokio::test]
async fn a_client_that_may_not_introspect() {
    // Servers respond like this about tokens of other clients (RFC 7662 §2.2).
    let app = introspecting(portcullis::testing::TestClient::new(async |_| {
        Ok(http::Response::builder()
            .header("content-type", "application/json")
            .body(br#"{"active":false}"#.to_vec())
            .unwrap())
    }));
    let parts = [
        r#" reason="token_inactive""#,
        "`active: false` from issuer.test",
        "allow this client to introspect tokens",
    ];
    line_of(&app, "an-opaque-token", 401, &parts).await;
}

#[tokio::test]
async fn a_wrong_client_secret() {
    let issuer = TestIssuer::new();
    issuer.register_client("orders-api", "another secret");
    let app = introspecting(issuer.http_client());
    let parts = [
        "introspection failed",
        "https://issuer.test/introspect",
        "rejected the credentials of this service (status 401",
        "check the client id, the secret and the authentication method",
    ];
    let token = token(&issuer).mint_opaque();
    assert_eq!(line_of(&app, &token, 500, &parts).await.level, Level::ERROR);
}

#[tokio::test]
async fn an_unknown_key_during_the_cool_down() {
    let issuer = issuer_with([Algorithm::Es256]);
    let app = service(verifier(&issuer));
    for _ in 0..2 {
        send(&app, with_token(&token(&issuer).header("kid", json!("unknown")).mint())).await;
    }
    issuer.clock().advance(Duration::from_secs(3));
    let token = token(&issuer).header("kid", json!("rotated")).mint();
    let parts = [
        r#" reason="token_unknown_key""#,
        r#" kid="rotated""#,
        r#" rule="kid""#,
        " expected=",
        "the issuer's keys were fetched recently without it",
        "in 8 s at the earliest: if the issuer has just changed its keys, wait for that",
    ];
    line_of(&app, &token, 401, &parts).await;
}

#[tokio::test]
async fn an_issuer_with_a_placeholder() {
    const PATTERN: &str = "https://login.test/{tenantid}/v2.0";
    // The metadata that all tenants of Entra ID share names the placeholder.
    let metadata = TestIssuer::named(PATTERN);
    metadata.publish(Algorithm::Es256);
    let shared = JwtVerifier::builder("https://login.test/common/v2.0")
        .audience(API)
        .clock(metadata.clock())
        .http_client(portcullis::testing::TestClient::new(async |_| {
            let body = json!({ "issuer": PATTERN, "jwks_uri": "https://login.test/keys" });
            Ok(http::Response::builder()
                .header("content-type", "application/json")
                .body(body.to_string().into_bytes())
                .unwrap())
        }));
    let token = |issuer: &str| metadata.token().audience(API).claim("iss", json!(issuer)).mint();
    let parts = [
        "could not fetch keys",
        "is the metadata of issuer `https://login.test/{tenantid}/v2.0`",
        "stands for many tenants: configure the issuer of one tenant, or trust all of them",
    ];
    let app = service(shared.build().unwrap());
    line_of(&app, &token("https://login.test/common/v2.0"), 503, &parts).await;
    // And so may the configuration.
    let configured =
        JwtVerifier::builder(PATTERN).audience(API).jwks_uri("https://login.test/keys").build();
    let parts = [
        r#" rule="iss""#,
        r#" found="https://login.test/7f3a/v2.0""#,
        "has a placeholder that was not expanded: replace it with the tenant, or trust all tenants",
    ];
    line_of(&service(configured.unwrap()), &token("https://login.test/7f3a/v2.0"), 401, &parts)
        .await;
}
