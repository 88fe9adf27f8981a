//! Missing and empty signatures.

use portcullis::{Algorithm, error::TokenFault};
use serde_json::json;

use super::{assert_rejected, hmac_forgery, target};
use crate::support::{API, jws};

// Verifies rfc8725-3.2-none.
#[tokio::test]
async fn cve_2015_2951_the_algorithm_none_is_rejected() {
    let target = target();
    let claims = jws::encode(jws::forged_claims(&target.0).to_string());
    let valid = target.0.token().audience(API).mint();
    for name in
        ["none", "None", "NONE", "nOnE", "nonE", "none ", " none", "no\u{200b}ne", "", "null"]
    {
        for header in [json!({ "alg": name }), json!({ "alg": name, "typ": "JWT", "kid": "rsa-0" })]
        {
            let header = jws::encode(header.to_string());
            for signature in ["", jws::parts(&valid)[2], "AA"] {
                let forged = format!("{header}.{claims}.{signature}");
                assert_rejected(&target, &forged, TokenFault::Algorithm).await;
            }
            let without_dot = format!("{header}.{claims}");
            assert_rejected(&target, &without_dot, TokenFault::Malformed).await;
        }
    }
}

#[tokio::test]
async fn cve_2020_28042_an_empty_signature_is_rejected() {
    let target = target();
    for algorithm in
        [Algorithm::Rs256, Algorithm::Es256, Algorithm::Ps512, Algorithm::Es512, Algorithm::EdDsa]
    {
        for token in [target.0.token(), target.0.token().without_header("kid")] {
            let valid = token.audience(API).algorithm(algorithm).mint();
            let stripped = jws::with_signature(&valid, []);
            assert_rejected(&target, &stripped, TokenFault::Signature).await;
        }
    }
    let forged = hmac_forgery(&target.0, "HS256", b"");
    assert_rejected(&target, &jws::with_signature(&forged, []), TokenFault::Algorithm).await;
}

#[tokio::test]
async fn cve_2022_21449_a_signature_of_zeros_is_rejected() {
    let target = target();
    for (algorithm, len) in
        [(Algorithm::Es256, 64), (Algorithm::Es384, 96), (Algorithm::Es512, 132)]
    {
        for token in [target.0.token(), target.0.token().without_header("kid")] {
            let valid = token.audience(API).algorithm(algorithm).subject("admin").mint();
            for zeros in [vec![0; len], b"\x30\x06\x02\x01\x00\x02\x01\x00".to_vec()] {
                let forged = jws::with_signature(&valid, zeros);
                assert_rejected(&target, &forged, TokenFault::Signature).await;
            }
        }
    }
}
