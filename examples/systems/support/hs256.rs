//! Signing JWTs with a shared secret (RFC 7515, RFC 7518 §3.2), for the issuers of the examples. The crate only verifies
//! tokens.

use base64_simd::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac, digest::InvalidLength};
use portcullis::{Error, Secret, own_tokens::OwnTokenFormat};
use serde_json::Value;
use sha2::Sha256;

/// A secret that signs and verifies. Every verifier could also sign, so use a key pair if issuer and verifier differ.
#[derive(Clone)]
pub(crate) struct Hs256Key(String);

impl Hs256Key {
    /// Creates a secret of 256 random bits.
    pub(crate) fn generate() -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self(OwnTokenFormat::new("hs256")?.generate()?.reveal().to_owned()))
    }

    /// Returns the secret for [`JwtVerifierBuilder::hmac_secret`](portcullis::jwt::JwtVerifierBuilder::hmac_secret).
    pub(crate) fn secret(&self) -> Secret {
        Secret::from(self.0.as_str())
    }

    /// Signs a JWT with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, Error> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode_to_string(bytes);
        let header = encode(br#"{"alg":"HS256","typ":"JWT"}"#);
        let message = format!("{header}.{}", encode(claims.to_string().as_bytes()));
        let mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes());
        let mac = mac.map_err(|error: InvalidLength| Error::misconfigured(error))?;
        let signature = mac.chain_update(&message).finalize().into_bytes();
        Ok(format!("{message}.{}", encode(&signature)))
    }
}
