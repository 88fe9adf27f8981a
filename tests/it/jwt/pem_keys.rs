//! Public keys in PEM form, and tokens that OpenSSL signed.

use portcullis::{
    Algorithm, ConfigError, JwtVerifier, TokenFault, jwt::JwtVerifierBuilder, testing::TestIssuer,
};
use serde_json::json;

use super::{accepts, outcome};
use crate::support::{API, jws, openssl};

fn with_pem(pem: impl Into<String>) -> Result<JwtVerifier, ConfigError> {
    TestIssuer::new().verifier().audience(API).pem_key(pem).build()
}

fn sentence(pem: impl Into<String>) -> String {
    with_pem(pem).unwrap_err().to_string()
}

/// `body` under that label.
fn pem(label: &str, body: &str) -> String {
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

#[tokio::test]
async fn a_token_that_openssl_signed_verifies_with_the_key_that_openssl_wrote() {
    for (name, pem, token) in openssl::TOKENS {
        let verifier = with_pem(pem).unwrap();
        assert_eq!(outcome(&verifier, token).await.as_deref(), Ok("alice"), "{name}");
    }
}

#[tokio::test]
async fn each_key_verifies_its_own_tokens_and_no_others() {
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
async fn a_pem_key_verifies_whatever_the_kid() {
    let issuer = TestIssuer::new();
    let verifier = with_pem(openssl::ED25519).unwrap();
    // Signed by someone else, the token gets as far as the signature.
    for token in [
        issuer.token().algorithm(Algorithm::EdDsa).header("kid", json!("2024-1")),
        issuer.token().algorithm(Algorithm::EdDsa).without_header("kid"),
    ] {
        let token = token.audience(API).mint();
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Signature));
    }
}

#[tokio::test]
async fn several_pem_keys_serve_together() {
    let builder = TestIssuer::new().verifier().audience(API);
    let keys = [openssl::RSA, openssl::P256, openssl::P384, openssl::P521, openssl::ED25519];
    let verifier = keys.into_iter().fold(builder, JwtVerifierBuilder::pem_key);
    let verifier = verifier.build().unwrap();
    for (name, _, token) in openssl::TOKENS {
        assert!(accepts(&verifier, token).await, "{name}");
    }
}

#[tokio::test]
async fn white_space_around_a_key_and_the_ends_of_its_lines_don_t_matter() {
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
            let error = sentence(&text);
            assert!(
                error.ends_with("it is a private key; give the public one"),
                "{label}: {error}"
            );
            assert!(!error.contains(openssl::PRIVATE_ED25519), "{error}");
        }
    }
    assert_eq!(
        sentence(pem("PRIVATE KEY", openssl::PRIVATE_ED25519)),
        "PEM key `-----BEGIN PRIVATE KEY-----`: it is a private key; give the public one"
    );
}

#[test]
fn an_error_shows_no_more_of_a_text_than_its_label() {
    let key = pem("PRIVATE KEY", openssl::PRIVATE_ED25519);
    for text in [
        // As it gets into environment variables.
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
        sentence(openssl::CERTIFICATE),
        "PEM key `-----BEGIN CERTIFICATE-----`: it is a certificate; give its public key, which `openssl x509 -pubkey` prints"
    );
    assert!(with_pem(format!("{}{}", openssl::CERTIFICATE, openssl::P256)).is_err());
}

#[test]
fn an_rsa_key_of_1024_bits_is_too_weak() {
    assert_eq!(
        sentence(openssl::RSA_1024),
        "PEM key `-----BEGIN PUBLIC KEY-----`: the key is too weak: it has 1024 bits, and at least 2048 are needed"
    );
}

#[test]
fn keys_of_other_kinds_are_rejected() {
    for key in [openssl::SECP256K1, openssl::ED448, openssl::X25519] {
        let error = sentence(key);
        assert!(error.starts_with("PEM key `-----BEGIN PUBLIC KEY-----`: "), "{error}");
    }
}

#[test]
fn what_is_no_pem_key_is_rejected() {
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
        let error = sentence(&text);
        let problem = "it is not a PEM text of one RSA, EC or Ed25519 public key";
        assert!(error.starts_with("PEM key `") && error.ends_with(problem), "{text}: {error}");
    }
}

#[test]
fn a_label_that_is_not_the_key_s_is_rejected() {
    let body = openssl::ED25519.lines().nth(1).unwrap();
    let error = sentence(pem("RSA PUBLIC KEY", body));
    assert!(error.starts_with("PEM key `-----BEGIN RSA PUBLIC KEY-----`: "), "{error}");
    let body: Vec<_> = openssl::RSA_PKCS1.lines().filter(|line| !line.starts_with('-')).collect();
    assert!(with_pem(pem("PUBLIC KEY", &body.join("\n"))).is_err());
}

#[test]
fn a_text_with_two_keys_is_not_one_key() {
    for (one, other) in [(openssl::RSA, openssl::RSA), (openssl::P256, openssl::ED25519)] {
        assert!(
            with_pem(format!("{one}{other}")).is_err(),
            "which of them counts isn't ours to guess"
        );
    }
}

#[tokio::test]
async fn an_hmac_of_the_pem_text_verifies_nothing() {
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
