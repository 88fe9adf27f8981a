//! Tokens with arbitrary headers and claims, signed with HMAC.

use base64_simd::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use portcullis::{Clock, testing::TestIssuer};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

use super::API;

/// A secret that is long enough for every HMAC.
pub const SECRET: &[u8] = b"a secret of 64 bytes, as many as HS512 needs, and not one more!!";

/// base64url without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

pub fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode_to_vec(text).expect("base64url")
}

/// The HMAC of `message`, by the name of its algorithm.
pub fn hmac(algorithm: &str, key: &[u8], message: &[u8]) -> Vec<u8> {
    fn mac<M: Mac + hmac::digest::KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mac = <M as Mac>::new_from_slice(key).expect("a key of any length");
        mac.chain_update(message).finalize().into_bytes().to_vec()
    }
    match algorithm {
        "HS256" => mac::<Hmac<Sha256>>(key, message),
        "HS384" => mac::<Hmac<Sha384>>(key, message),
        "HS512" => mac::<Hmac<Sha512>>(key, message),
        other => panic!("no HMAC: {other}"),
    }
}

/// A token of these two parts, which are not encoded again, signed with HS256.
pub fn sign_parts(key: &[u8], header: &str, claims: &str) -> String {
    let message = format!("{header}.{claims}");
    let signature = hmac("HS256", key, message.as_bytes());
    format!("{message}.{}", encode(signature))
}

/// A token with this header and these claims, signed with HS256.
pub fn sign(key: &[u8], header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    sign_parts(key, &encode(header), &encode(claims))
}

/// Claims as `issuer` would issue them for [`API`], for an attacker who has no token of it.
pub fn forged_claims(issuer: &TestIssuer) -> Value {
    let now = issuer.clock().now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    json!({
        "iss": issuer.issuer(),
        "sub": "mallory",
        "aud": API,
        "client_id": "c",
        "jti": "j",
        "iat": now,
        "exp": now + 300,
    })
}

/// The encoded header, claims and signature of a token.
pub fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().expect("three parts")
}

/// The token with its signature replaced.
pub fn with_signature(token: &str, signature: impl AsRef<[u8]>) -> String {
    let [header, claims, _] = parts(token);
    format!("{header}.{claims}.{}", encode(signature))
}
