//! The verification that no resource server can do without: the signature, with a parsed key.

use std::sync::Arc;

use aws_lc_rs::{
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

#[derive(Debug)]
enum Key {
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
        let signed = issuer.tokens(algorithm).iter().map(|token| Signed::new(token)).collect();
        Arc::new(Self { key: Key::new(issuer, algorithm), signed })
    }

    /// Verifies the `n`th token, from the start again after the last.
    pub fn verify(&self, n: usize) {
        let Signed { message, signature } = &self.signed[n % self.signed.len()];
        match &self.key {
            Key::Public(key) => key.verify_sig(message, signature),
            Key::Secret(key) => hmac::verify(key, message, signature),
        }
        .expect("a good signature");
    }
}

impl Key {
    fn new(issuer: &Issuer, algorithm: Algorithm) -> Self {
        let rsa = |parameters| {
            let jwk = issuer.jwk("RSA");
            let components = RsaPublicKeyComponents { n: member(&jwk, "n"), e: member(&jwk, "e") };
            components.to_parsed_public_key(parameters)
        };
        let key = match algorithm {
            Algorithm::Rs256 => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            Algorithm::Ps256 => rsa(&signature::RSA_PSS_2048_8192_SHA256),
            Algorithm::Es256 => {
                let jwk = issuer.jwk("EC");
                let point = [vec![4], member(&jwk, "x"), member(&jwk, "y")].concat();
                ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
            }
            Algorithm::EdDsa => {
                ParsedPublicKey::new(&signature::ED25519, member(&issuer.jwk("OKP"), "x"))
            }
            Algorithm::Hs256 => return Self::Secret(Box::new(Issuer::hmac_key())),
            other => panic!("no raw verification with {other}"),
        };
        Self::Public(key.expect("a good key"))
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
