//! Reading public keys from DER.

use super::{
    KeyError, MlDsa, VerifyingKey, der,
    key_type::{EC_PUBLIC_KEY, ED25519, RSA_ENCRYPTION, curve},
};

impl VerifyingKey {
    /// Reads a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7) with an RSA, EC, Ed25519 or ML-DSA key.
    pub(crate) fn from_public_key_info(der: &[u8]) -> Result<Self, KeyError> {
        let (algorithm, parameters, key) =
            public_key_info(der).ok_or(KeyError::Malformed("it isn't a SubjectPublicKeyInfo"))?;
        match algorithm {
            RSA_ENCRYPTION => Self::rsa_pkcs1_der(key),
            EC_PUBLIC_KEY => {
                let curve = der::object_identifier(parameters).and_then(curve);
                let unsupported = KeyError::Unsupported("its curve isn't P-256, P-384 or P-521");
                Self::ec(curve.ok_or(unsupported)?, key)
            }
            ED25519 => Self::ed25519(key),
            // ML-DSA has no parameters (RFC 9881 §4).
            _ => match MlDsa::with_identifier(algorithm).filter(|_| parameters.is_empty()) {
                Some(parameters) => Self::ml_dsa(parameters, key),
                None => Err(KeyError::Unsupported("it isn't an RSA, EC, Ed25519 or ML-DSA key")),
            },
        }
    }
}

/// Returns the algorithm, its parameters, and the key.
fn public_key_info(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (info, rest) = der::value(der::SEQUENCE, der)?;
    let (algorithm, key) = der::value(der::SEQUENCE, info)?;
    let (algorithm, parameters) = der::value(der::OBJECT_IDENTIFIER, algorithm)?;
    let key = der::bit_string(key)?;
    rest.is_empty().then_some((algorithm, parameters, key))
}
