//! Public keys in PEM form, and tokens that OpenSSL signed.

use portcullis::{
    Algorithm, ConfigError, JwtVerifier, error::TokenFault, jwt::JwtVerifierBuilder,
    testing::TestIssuer,
};
use serde_json::json;

use super::{accepts, outcome};
use crate::support::{API, jws, openssl};

fn with_pem(pem: impl Into<String>) -> Result<JwtVerifier, ConfigError> {
    TestIssuer::new().verifier().audience(API).pem_key(pem).build()
}

fn message(pem: impl Into<String>) -> String {
    with_pem(pem).unwrap_err().to_string()
}

/// A PEM text with that label.
fn pem(label: &str, body: &str) -> String {
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

#[tokio::test]
async fn tokens_signed_by_openssl_verify_with_its_pem_keys() {
    for (name, pem, token) in openssl::TOKENS {
        let verifier = with_pem(pem).unwrap();
        assert_eq!(outcome(&verifier, token).await.as_deref(), Ok("alice"), "{name}");
    }
}

#[tokio::test]
async fn each_key_verifies_only_its_own_tokens() {
    let is_rsa = |pem: &str| pem == openssl::RSA || pem == openssl::RSA_PKCS1;
    for (name, pem, token) in openssl::TOKENS {
        for (other, key, _) in openssl::TOKENS {
            let verifier = with_pem(key).unwrap();
            let is_its_key = pem == key || (is_rsa(pem) && is_rsa(key));
            assert_eq!(accepts(&verifier, token).await, is_its_key, "{name} with {other}");
        }
    }
}

#[tokio::test]
async fn a_pem_key_is_tried_for_every_kid() {
    let issuer = TestIssuer::new();
    let verifier = with_pem(openssl::ED25519).unwrap();
    // Signed with another key. The rejection shows that the signature was checked.
    for token in [
        issuer.token().algorithm(Algorithm::EdDsa).header("kid", json!("2024-1")),
        issuer.token().algorithm(Algorithm::EdDsa).without_header("kid"),
    ] {
        let token = token.audience(API).mint();
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Signature));
    }
}

#[tokio::test]
async fn several_pem_keys_are_used_together() {
    let builder = TestIssuer::new().verifier().audience(API);
    let keys = [openssl::RSA, openssl::P256, openssl::P384, openssl::P521, openssl::ED25519];
    let verifier = keys.into_iter().fold(builder, JwtVerifierBuilder::pem_key);
    let verifier = verifier.build().unwrap();
    for (name, _, token) in openssl::TOKENS {
        assert!(accepts(&verifier, token).await, "{name}");
    }
}

#[tokio::test]
async fn surrounding_white_space_and_line_endings_are_ignored() {
    let (_, pem, token) = openssl::TOKENS[0];
    for pem in [format!("\n\n  {pem}\n\n"), pem.trim().to_owned(), pem.replace('\n', "\r\n")] {
        assert!(accepts(&with_pem(&pem).unwrap(), token).await, "{pem:?}");
    }
}

#[test]
fn a_private_key_is_rejected() {
    for label in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "DSA PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
    ] {
        let text = pem(label, openssl::PRIVATE_ED25519);
        for text in [text.clone(), format!("{}{text}", openssl::ED25519)] {
            let error = message(&text);
            assert!(error.ends_with("it is a private key; use the public key"), "{label}: {error}");
            assert!(!error.contains(openssl::PRIVATE_ED25519), "{error}");
        }
    }
    assert_eq!(
        message(pem("PRIVATE KEY", openssl::PRIVATE_ED25519)),
        "PEM key `-----BEGIN PRIVATE KEY-----`: it is a private key; use the public key"
    );
}

#[test]
fn errors_show_only_the_label_of_a_key() {
    let key = pem("PRIVATE KEY", openssl::PRIVATE_ED25519);
    for text in [
        // As keys are often written in environment variables.
        key.replace('\n', "\\n"),
        key.replace('\n', " "),
        key.replace('\n', ""),
        openssl::PRIVATE_ED25519.to_owned(),
        format!("key={}", openssl::PRIVATE_ED25519),
        format!("{} {key}", openssl::PRIVATE_ED25519),
        key.replace("-----", "--"),
        key.replacen("-----\n", "----\n", 1),
    ] {
        let error = with_pem(&text).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&openssl::PRIVATE_ED25519[..16]), "{shown}");
    }
}

#[test]
fn a_certificate_is_rejected() {
    assert_eq!(
        message(openssl::CERTIFICATE),
        "PEM key `-----BEGIN CERTIFICATE-----`: it is a certificate; use its public key, which `openssl x509 -pubkey` prints"
    );
    assert!(with_pem(format!("{}{}", openssl::CERTIFICATE, openssl::P256)).is_err());
}

// Verifies rfc8725-3.2-current.
#[test]
fn an_rsa_key_of_1024_bits_is_rejected() {
    assert_eq!(
        message(openssl::RSA_1024),
        "PEM key `-----BEGIN PUBLIC KEY-----`: the key is too weak: it has 1024 bits, but at least 2048 are required"
    );
}

#[test]
fn keys_of_other_types_are_rejected() {
    for key in [openssl::SECP256K1, openssl::ED448, openssl::X25519] {
        let error = message(key);
        assert!(error.starts_with("PEM key `-----BEGIN PUBLIC KEY-----`: "), "{error}");
    }
}

#[test]
fn invalid_pem_texts_are_rejected() {
    let body = openssl::ED25519.lines().nth(1).unwrap();
    for text in [
        String::new(),
        " ".to_owned(),
        "no key".to_owned(),
        body.to_owned(),
        openssl::OPENSSH.to_owned(),
        r#"{"keys":[]}"#.to_owned(),
        pem("PUBLIC KEY", ""),
        pem("PUBLIC KEY", "*"),
        pem("PUBLIC KEY", "AAAA"),
        pem("PUBLIC KEY", &body[..40]),
        pem("X509 CRL", body),
        openssl::ED25519.replace("-----END PUBLIC KEY-----", ""),
        openssl::ED25519.replace("-----BEGIN PUBLIC KEY-----", ""),
        openssl::ED25519.replace("BEGIN", "BEGIM"),
    ] {
        let error = message(&text);
        let problem = "it isn't a PEM text with exactly one RSA, EC, Ed25519 or ML-DSA public key";
        assert!(error.starts_with("PEM key `") && error.ends_with(problem), "{text}: {error}");
    }
}

#[test]
fn a_label_of_another_key_type_is_rejected() {
    let body = openssl::ED25519.lines().nth(1).unwrap();
    let error = message(pem("RSA PUBLIC KEY", body));
    assert!(error.starts_with("PEM key `-----BEGIN RSA PUBLIC KEY-----`: "), "{error}");
    let body: Vec<_> = openssl::RSA_PKCS1.lines().filter(|line| !line.starts_with('-')).collect();
    assert!(with_pem(pem("PUBLIC KEY", &body.join("\n"))).is_err());
}

#[test]
fn a_text_with_two_keys_is_rejected() {
    for (one, other) in [(openssl::RSA, openssl::RSA), (openssl::P256, openssl::ED25519)] {
        assert!(with_pem(format!("{one}{other}")).is_err(), "it is ambiguous which key is meant");
    }
}

#[tokio::test]
async fn a_pem_text_is_not_usable_as_an_hmac_secret() {
    let issuer = TestIssuer::new();
    let claims = jws::forged_claims(&issuer).to_string();
    for (name, pem, _) in openssl::TOKENS {
        let verifier = with_pem(pem).unwrap();
        for key in [pem.as_bytes(), pem.trim().as_bytes()] {
            let token = jws::sign(key, r#"{"alg":"HS256"}"#, &claims);
            assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Algorithm), "{name}");
        }
    }
}
