//! ML-DSA in a build that doesn't implement it.

use portcullis::{Algorithm, error::TokenFault};
use serde_json::json;

use super::{outcome, verifier};
use crate::support::{API, issuer_with, jws};

const REASON: &str =
    "this build doesn't support ML-DSA; enable the feature `aws-lc-rs` or `rust-crypto-ml-dsa`";

#[tokio::test]
async fn the_feature_that_is_missing_is_named() {
    let issuer = issuer_with([Algorithm::Es256]);
    let configured = issuer.verifier().audience(API).algorithms([Algorithm::MlDsa65]).build();
    let message = configured.unwrap_err().to_string();
    assert_eq!(message, format!("algorithm `ML-DSA-65`: {REASON}"));

    let key =
        json!({ "kty": "AKP", "kid": "x", "alg": "ML-DSA-44", "pub": jws::encode([7; 1312]) });
    let set = json!({ "keys": [key] }).to_string();
    let message = issuer.verifier().audience(API).jwk_set(set).build().unwrap_err().to_string();
    assert!(message.contains(REASON), "{message}");
}

#[tokio::test]
async fn tokens_are_rejected() {
    let issuer = issuer_with([Algorithm::Es256]);
    let verifier = verifier(&issuer);
    let message = [
        jws::encode(r#"{"alg":"ML-DSA-44","kid":"x"}"#),
        jws::encode(jws::forged_claims(&issuer).to_string()),
    ];
    let token = format!("{}.{}", message.join("."), jws::encode([7; 2420]));
    assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::UnknownKey));
}
