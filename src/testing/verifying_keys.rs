//! Signature verification of arbitrary messages, for test vectors.

use serde_json::Value;

use crate::{
    Algorithm,
    jose::{algorithm::AlgorithmSet, base64url, crypto::VerifyingKey},
    verify::{
        jwks::{DEFAULT_MAX_KEYS, Key, KeySet, KeyUse},
        jwt::{Jws, SignatureBuffer},
    },
};

/// A set of keys that verifies signatures like a [`JwtVerifier`](crate::JwtVerifier), but of any message.
///
/// It is for test vectors that sign arbitrary bytes, such as those of [Project Wycheproof].
///
/// [Project Wycheproof]: https://github.com/C2SP/wycheproof
#[doc(hidden)]
#[derive(Debug)]
pub struct VerifyingKeys(KeySet);

impl VerifyingKeys {
    /// Reads public keys like those of a key set, and symmetric keys as secrets for their `alg`.
    ///
    /// # Errors
    ///
    /// Returns the reason if there is no usable key.
    pub fn from_jwks(jwks: &[Value]) -> Result<Self, String> {
        let (secrets, public): (Vec<_>, Vec<_>) =
            jwks.iter().cloned().partition(|jwk| jwk["kty"] == "oct");
        let mut keys = Vec::new();
        for jwk in &secrets {
            keys.push(secret(jwk)?);
        }
        if !public.is_empty() {
            let set = KeySet::from_values(&public, DEFAULT_MAX_KEYS, KeyUse::Signature);
            keys.extend(set.map_err(|error| error.to_string())?.into_keys());
        }
        Ok(Self(KeySet::new(keys)))
    }

    /// Returns whether the signature is valid for a key with this algorithm.
    #[must_use]
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let mut keys = self.0.candidates(None, algorithm);
        keys.any(|key| key.verify(algorithm, message, signature))
    }

    /// Returns whether a text is a JWS in compact serialization that was signed with one of the keys. The
    /// payload can be anything except empty.
    #[must_use]
    pub fn verify_jws(&self, text: &str) -> bool {
        let mut buffer = SignatureBuffer::default();
        let Ok(jws) = Jws::parse(text.as_bytes()) else { return false };
        let Ok(signature) = jws.decode_signature(&mut buffer) else { return false };
        let Some((message, _)) = text.rsplit_once('.') else { return false };
        let mut keys = self.0.candidates(jws.header.kid.as_deref(), jws.header.algorithm);
        base64url::decode(jws.payload).is_some()
            && keys.any(|key| key.verify(jws.header.algorithm, message.as_bytes(), signature))
    }
}

fn secret(jwk: &Value) -> Result<Key, String> {
    let text = |name: &str| jwk[name].as_str().ok_or(format!("`{name}` is missing"));
    let algorithm = Algorithm::from_name(text("alg")?).ok_or("`alg` is not supported")?;
    let secret = base64url::decode(text("k")?).ok_or("`k` is malformed")?;
    let key = VerifyingKey::hmac(algorithm, &secret).map_err(|error| error.to_string())?;
    let kid = jwk["kid"].as_str().map(str::to_owned);
    Ok(Key::new(kid, key, AlgorithmSet::from_iter([algorithm])))
}
