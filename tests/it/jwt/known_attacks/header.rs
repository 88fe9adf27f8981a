//! Malicious headers.

use std::sync::{Arc, Mutex};

use axum::{Router, routing::get};
use http::Response;
use portcullis::{
    Algorithm, AuthenticateLayer, ErrorKind, RequireScopeLayer, Scope,
    error::TokenFault,
    testing::{TestClient, TestIssuer},
};
use serde_json::{Value, json};

use super::{assert_rejected, target};
use crate::support::{API, jws, send, verify, with_token};

/// An attacker with another key, who uses the issuer's name.
fn mallory(issuer: &TestIssuer) -> TestIssuer {
    let mallory = TestIssuer::named(issuer.issuer());
    mallory.clock().set(portcullis::Clock::now(&issuer.clock()));
    mallory.publish(Algorithm::Rs256);
    mallory
}

#[tokio::test]
async fn cve_2018_0114_a_key_in_the_header_is_not_used() {
    let target = target();
    let mallory = mallory(&target.0);
    let set: Value = serde_json::from_str(&mallory.jwk_set()).unwrap();
    let key = &set["keys"][0];
    let forged =
        mallory.token().audience(API).algorithm(Algorithm::Rs256).header("jwk", key.clone());
    assert_rejected(&target, &forged.clone().mint(), TokenFault::Signature).await;
    assert_rejected(&target, &forged.clone().without_header("kid").mint(), TokenFault::Signature)
        .await;
    let named = forged.header("kid", json!("mallory"));
    assert_rejected(&target, &named.mint(), TokenFault::UnknownKey).await;
}

#[tokio::test]
async fn cve_2026_32597_and_cve_2025_59420_crit_is_rejected() {
    let target = target();
    for (name, value) in [
        ("x-custom-policy", json!("require-mfa")),
        ("bork", json!(true)),
        ("cnf", json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" })),
        ("exp", json!(1)),
    ] {
        let token = target.0.token().audience(API).header("crit", json!([name]));
        let present = token.clone().header(name, value).mint();
        assert_rejected(&target, &present, TokenFault::Malformed).await;
        assert_rejected(&target, &token.mint(), TokenFault::Malformed).await;
    }
}

#[tokio::test]
async fn cve_2025_27144_a_token_of_a_million_dots_is_rejected() {
    let target = target();
    let valid = target.0.token().audience(API).mint();
    let dots = ".".repeat(1_000_000);
    for token in [dots.clone(), format!("{valid}{dots}"), format!("a{}", ".a".repeat(500_000))] {
        assert_rejected(&target, &token, TokenFault::Malformed).await;
        let app = crate::support::protected(&target.0);
        let response = send(&app, with_token(&token)).await;
        assert_eq!(response.status, 400, "the layer rejects it for its length");
    }
}

#[tokio::test]
async fn cve_2026_32301_unverified_claims_cause_no_requests() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    let client = {
        let (requests, keys) = (Arc::clone(&requests), issuer.jwk_set());
        TestClient::new(move |request| {
            requests.lock().unwrap().push(request.uri().to_string());
            let metadata =
                r#"{"issuer":"https://issuer.test","jwks_uri":"https://issuer.test/jwks"}"#;
            let is_metadata = request.uri().path().starts_with("/.well-known/");
            let body = if is_metadata { metadata.to_owned() } else { keys.clone() };
            let response = Response::builder().header("content-type", "application/json");
            let response = response.body(body.into_bytes()).unwrap();
            async { Ok(response) }
        })
    };
    let verifier = issuer.verifier().audience(API).http_client(client).build().unwrap();

    for iss in [
        "http://169.254.169.254/latest/meta-data",
        "https://evil.example",
        "https://issuer.test@evil.example",
        "https://issuer.test/../admin",
        "https://issuer.test/{{tenant}}",
    ] {
        let forged = issuer.token().audience(API).claim("iss", json!(iss)).mint();
        assert_eq!(
            verify(&verifier, &forged).await.map(drop),
            Err(TokenFault::Issuer.into()),
            "{iss}"
        );
    }
    let other = issuer.token().audience("https://evil.example/{{tenant}}").mint();
    assert_eq!(verify(&verifier, &other).await.map(drop), Err(TokenFault::Audience.into()));
    assert_eq!(
        *requests.lock().unwrap(),
        [""; 0],
        "a token that is rejected for its claims causes no request"
    );

    // Only the configured issuer receives requests, whatever the token contains.
    for (name, address) in [
        ("jku", "https://evil.example/jwks"),
        ("x5u", "https://evil.example/cert"),
        ("kid", "../../admin?x=https://evil.example"),
        ("kid", "https://evil.example/key"),
    ] {
        let forged = issuer.token().audience(API).header(name, json!(address)).mint();
        let _ = verify(&verifier, &forged).await;
        issuer.clock().advance(std::time::Duration::from_secs(11));
    }
    let requests = requests.lock().unwrap().clone();
    let known =
        ["https://issuer.test/.well-known/openid-configuration", "https://issuer.test/jwks"];
    assert!(
        !requests.is_empty() && requests.iter().all(|uri| known.contains(&&**uri)),
        "{requests:?}"
    );
}

#[tokio::test]
async fn cve_2021_32701_scopes_are_checked_for_each_request() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let guarded = |scope| get("in").route_layer(RequireScopeLayer::new(Scope::from_static(scope)));
    let app = Router::new()
        .route("/read", guarded("read"))
        .route("/write", guarded("write"))
        .layer(AuthenticateLayer::bearer(verifier));
    let token = issuer.token().audience(API).scope("read").mint();
    for (path, status) in [("/read", 200), ("/write", 403), ("/read", 200), ("/write", 403)] {
        let mut request = with_token(&token);
        *request.uri_mut() = path.parse().unwrap();
        let response = send(&app, request).await;
        assert_eq!(response.status.as_u16(), status, "{path}");
        let expected = (status == 403).then_some(ErrorKind::InsufficientScope);
        assert_eq!(response.kind(), expected, "{path}");
    }
}

// Verifies rfc8725-3.10-kid.
#[tokio::test]
async fn kid_is_not_used_as_a_path_query_or_command() {
    let target = target();
    for kid in [
        "/dev/null",
        "../../../../etc/passwd",
        "x' UNION SELECT 'k",
        "key|id",
        "\u{0}",
        "file:///dev/null",
    ] {
        for secret in [&b""[..], b"\0", b"k"] {
            let header = json!({ "alg": "HS256", "kid": kid }).to_string();
            let claims = jws::forged_claims(&target.0).to_string();
            assert_rejected(&target, &jws::sign(secret, header, claims), TokenFault::Algorithm)
                .await;
        }
    }
}
