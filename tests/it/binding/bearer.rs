//! A bound token as a Bearer token: rejected unless the layer is configured otherwise.

use axum::Router;
use http::StatusCode;
use portcullis::{
    Algorithm, AuthenticateLayer, ErrorKind, JwtVerifier, error::TokenFault, jwt::Profile,
    testing::TestIssuer,
};
use serde_json::{Value, json};

use crate::support::{API, issuer_with, send, whoami, with_token};

const BOUND: Result<(), ErrorKind> = Err(ErrorKind::InvalidToken(TokenFault::Binding));

/// RFC 9449 §6.1 and RFC 8705 appendix A.
const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const X5T: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";

fn verifier(issuer: &TestIssuer, profile: Profile) -> JwtVerifier {
    issuer.verifier().audience(API).profile(profile).build().unwrap()
}

async fn outcome(app: &Router, token: &str) -> Result<(), ErrorKind> {
    let response = send(app, with_token(token)).await;
    let Some(kind) = response.kind() else {
        assert_eq!(response.status, StatusCode::OK);
        return Ok(());
    };
    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    let challenge = response.challenge().unwrap();
    assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    Err(kind)
}

fn bindings() -> Vec<(&'static str, Value)> {
    vec![
        ("cnf", json!({ "jkt": JKT })),
        ("cnf", json!({ "x5t#S256": X5T })),
        ("cnf", json!({ "jkt": JKT, "x5t#S256": X5T })),
        ("cnf", json!({ "jwk": { "kty": "EC" } })),
        ("cnf", json!({ "kid": "a" })),
        ("cnf", json!({})),
        ("token_type", json!("DPoP")),
        ("token_type", json!("dpop")),
        ("typ", json!("DPoP")),
    ]
}

// Verifies rfc9449-7.2-downgrade, rfc9700-4.9.3-sender.
#[tokio::test]
async fn bound_jwts_are_rejected_as_bearer_tokens() {
    let issuer = issuer_with([Algorithm::Es256]);
    for profile in [Profile::Relaxed, Profile::Rfc9068] {
        let app = whoami().layer(AuthenticateLayer::bearer(verifier(&issuer, profile)));
        for (name, value) in bindings() {
            let token = issuer.token().audience(API).claim(name, value.clone()).mint();
            // The second time, the token is cached.
            for _ in 0..2 {
                assert_eq!(outcome(&app, &token).await, BOUND, "{profile:?} {name}: {value}");
            }
        }
        assert_eq!(outcome(&app, &issuer.token().audience(API).mint()).await, Ok(()));
    }
}

#[tokio::test]
async fn a_cnf_that_is_no_object_is_rejected_in_a_jwt() {
    let issuer = issuer_with([Algorithm::Es256]);
    let app = whoami().layer(AuthenticateLayer::bearer(verifier(&issuer, Profile::Relaxed)));
    for value in [Value::Null, json!("jkt"), json!([]), json!(7)] {
        let token = issuer.token().audience(API).claim("cnf", value.clone()).mint();
        assert!(outcome(&app, &token).await.is_err(), "{value}");
    }
}

// Verifies rfc9449-6.2-token-type, rfc9449-7.2-downgrade.
#[tokio::test]
async fn bound_introspected_tokens_are_rejected_as_bearer_tokens() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let app = whoami().layer(AuthenticateLayer::bearer(verifier));
    for (name, value) in bindings() {
        let token = issuer.token().audience(API).claim(name, value.clone()).mint_opaque();
        for _ in 0..2 {
            assert_eq!(outcome(&app, &token).await, BOUND, "{name}: {value}");
        }
    }
    let token = issuer.token().audience(API).claim("token_type", json!("Bearer")).mint_opaque();
    assert_eq!(outcome(&app, &token).await, Ok(()));
}

#[tokio::test]
async fn dangerous_accepts_them_without_a_proof() {
    let issuer = issuer_with([Algorithm::Es256]);
    let verifier = verifier(&issuer, Profile::Relaxed);
    let layer = AuthenticateLayer::bearer(verifier).dangerous().without_binding_verification();
    let app = whoami().layer(layer);
    let token = issuer.token().audience(API).claim("cnf", json!({ "jkt": JKT })).mint();
    for _ in 0..2 {
        assert_eq!(outcome(&app, &token).await, Ok(()));
    }
}
