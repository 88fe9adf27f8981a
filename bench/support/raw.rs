//! The verification that no resource server can do without: the signature, with a parsed key.

use std::sync::Arc;

use aws_lc_rs::{
    error::Unspecified,
    hmac,
    signature::{self, ParsedPublicKey, RsaPublicKeyComponents},
};
use base64_simd::URL_SAFE_NO_PAD;
use portcullis::Algorithm;
use serde_json::Value;

use super::issuer::Issuer;

/// Tokens taken apart beforehand, and the key to verify them with.
#[derive(Debug)]
pub struct Raw {
    key: Key,
    signed: Box<[Signed]>,
}

/// A parsed key.
#[derive(Debug)]
pub enum Key {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

#[derive(Debug)]
struct Signed {
    message: Box<[u8]>,
    signature: Box<[u8]>,
}

impl Raw {
    /// The tokens that `issuer` mints with that algorithm.
    pub fn new(issuer: &Issuer, algorithm: Algorithm) -> Arc<Self> {
        Self::of(issuer, algorithm, &issuer.tokens(algorithm))
    }

    /// Those tokens of the issuer's, signed with that algorithm.
    pub fn of(issuer: &Issuer, algorithm: Algorithm, tokens: &[String]) -> Arc<Self> {
        let signed = tokens.iter().map(|token| Signed::new(token)).collect();
        Arc::new(Self { key: Key::new(issuer, algorithm), signed })
    }

    /// Verifies the `n`th token, from the start again after the last.
    pub fn verify(&self, n: usize) {
        let Signed { message, signature } = &self.signed[n % self.signed.len()];
        self.key.verify(message, signature).expect("a good signature");
    }
}

impl Key {
    fn new(issuer: &Issuer, algorithm: Algorithm) -> Self {
        match kty(algorithm) {
            Some(kty) => Self::from_jwk(&issuer.jwk(kty, algorithm), algorithm),
            None => Self::Secret(Box::new(Issuer::hmac_key())),
        }
    }

    /// The public key of a JWK, for that algorithm.
    pub fn from_jwk(jwk: &Value, algorithm: Algorithm) -> Self {
        let rsa = |parameters| {
            let components = RsaPublicKeyComponents { n: member(jwk, "n"), e: member(jwk, "e") };
            components.to_parsed_public_key(parameters)
        };
        let key = match algorithm {
            Algorithm::Rs256 => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            Algorithm::Ps256 => rsa(&signature::RSA_PSS_2048_8192_SHA256),
            Algorithm::Es256 => {
                let point = [vec![4], member(jwk, "x"), member(jwk, "y")].concat();
                ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
            }
            Algorithm::EdDsa => ParsedPublicKey::new(&signature::ED25519, member(jwk, "x")),
            Algorithm::MlDsa44 => ParsedPublicKey::new(&signature::ML_DSA_44, member(jwk, "pub")),
            Algorithm::MlDsa65 => ParsedPublicKey::new(&signature::ML_DSA_65, member(jwk, "pub")),
            Algorithm::MlDsa87 => ParsedPublicKey::new(&signature::ML_DSA_87, member(jwk, "pub")),
            other => panic!("no raw verification with {other}"),
        };
        Self::Public(key.expect("a good key"))
    }

    /// Verifies one signature.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unspecified> {
        match self {
            Self::Public(key) => key.verify_sig(message, signature),
            Self::Secret(key) => hmac::verify(key, message, signature),
        }
    }
}

/// The type of key that signs with that algorithm (RFC 7518 §6.1, RFC 9964 §3), where it is a public one.
pub fn kty(algorithm: Algorithm) -> Option<&'static str> {
    match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 => Some("RSA"),
        Algorithm::Es256 => Some("EC"),
        Algorithm::EdDsa => Some("OKP"),
        Algorithm::MlDsa44 | Algorithm::MlDsa65 | Algorithm::MlDsa87 => Some("AKP"),
        _ => None,
    }
}

impl Signed {
    fn new(token: &str) -> Self {
        let (message, signature) = token.rsplit_once('.').expect("a signature");
        Self { message: message.as_bytes().into(), signature: decode(signature).into() }
    }
}

fn member(jwk: &Value, name: &str) -> Vec<u8> {
    decode(jwk[name].as_str().expect("a string"))
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode_to_vec(text).expect("base64url")
}
