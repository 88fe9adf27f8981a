//! Published vulnerabilities of other libraries, as tests.

mod algorithm_confusion;
mod claims;
mod header;
mod signatures;

use portcullis::{Algorithm, ErrorKind, JwtVerifier, error::TokenFault, testing::TestIssuer};

use crate::support::{API, issuer_with, jws, verify};

/// An issuer with keys of every type, and a verifier of its tokens as a user would configure it.
fn target() -> (TestIssuer, JwtVerifier) {
    use Algorithm::{EdDsa, Es256, Es384, Es512, Rs256};
    let issuer = issuer_with([EdDsa, Es256, Es384, Es512, Rs256]);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    (issuer, verifier)
}

/// Asserts that a forged token is rejected for that reason, and that a valid one is accepted.
async fn assert_rejected(target: &(TestIssuer, JwtVerifier), forged: &str, fault: TokenFault) {
    let (issuer, verifier) = target;
    let valid = issuer.token().audience(API).mint();
    assert!(verify(verifier, &valid).await.is_ok(), "a valid token");
    let rejection = verify(verifier, forged).await.map(|identity| format!("{identity:?}"));
    assert_eq!(rejection, Err(ErrorKind::InvalidToken(fault)), "{forged}");
}

/// A header with an HMAC algorithm, and the `kid` of the issuer's RSA key.
fn hmac_header(algorithm: &str) -> String {
    format!(r#"{{"alg":"{algorithm}","kid":"rsa-0","typ":"at+jwt"}}"#)
}

/// A forged token, signed with that HMAC algorithm and `key`.
fn hmac_forgery(issuer: &TestIssuer, algorithm: &str, key: &[u8]) -> String {
    let claims = jws::encode(jws::forged_claims(issuer).to_string());
    let message = format!("{}.{claims}", jws::encode(hmac_header(algorithm)));
    let signature = jws::encode(jws::hmac(algorithm, key, message.as_bytes()));
    format!("{message}.{signature}")
}
