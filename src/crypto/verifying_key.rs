use std::fmt;

use super::{Curve, KeyError, backend, ed25519, rsa_components::RsaComponents};
use crate::algorithm::{Algorithm, AlgorithmSet};

/// A key that checks signatures: parsed once, used for every token.
///
/// It knows what it is for: an algorithm that doesn't fit it verifies nothing, so that what an
/// attacker writes in a token's header never makes an RSA key the secret of an HMAC.
pub(crate) struct VerifyingKey {
    algorithms: AlgorithmSet,
    key: backend::Key,
}

impl VerifyingKey {
    /// An RSA key, from the big-endian numbers of a JWK.
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        Self::from_components(&RsaComponents::new(n, e)?)
    }

    /// An RSA key, from the `RSAPublicKey` of a PEM file.
    pub(crate) fn rsa_pkcs1_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_components(&RsaComponents::from_pkcs1_der(der)?)
    }

    /// A key on that curve, from an uncompressed point: `0x04`, `x`, `y`.
    pub(crate) fn ec(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        // A back end would take other forms too: compressed, and aws-lc-rs a whole
        // SubjectPublicKeyInfo.
        if point.len() != curve.point_len() || point.first() != Some(&4) {
            return Err(KeyError::Malformed("it is no uncompressed point of its curve's length"));
        }
        let key = backend::Key::ec(curve, point)?;
        Ok(Self { algorithms: AlgorithmSet::from_iter([curve.algorithm()]), key })
    }

    /// An Ed25519 key, from the `x` of a JWK.
    pub(crate) fn ed25519(x: &[u8]) -> Result<Self, KeyError> {
        let key = backend::Key::ed25519(ed25519::public_key(x)?)?;
        Ok(Self { algorithms: AlgorithmSet::from_iter([Algorithm::EdDsa]), key })
    }

    /// A secret, for that one HMAC.
    pub(crate) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let Some(needed) = algorithm.min_secret_len() else {
            return Err(KeyError::Unsupported("a secret is for HS256, HS384 or HS512"));
        };
        if secret.len() < needed {
            return Err(KeyError::Weak { unit: "bytes", given: secret.len(), needed });
        }
        let key = backend::Key::hmac(algorithm, secret)?;
        Ok(Self { algorithms: AlgorithmSet::from_iter([algorithm]), key })
    }

    /// What this key can verify.
    pub(crate) fn algorithms(&self) -> AlgorithmSet {
        self.algorithms
    }

    /// Whether this key's owner has signed the message, with that algorithm.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.algorithms.contains(algorithm) && self.key.verify(algorithm, message, signature)
    }

    fn from_components(components: &RsaComponents<'_>) -> Result<Self, KeyError> {
        Ok(Self {
            algorithms: AlgorithmSet::from_iter([
                Algorithm::Ps256,
                Algorithm::Ps384,
                Algorithm::Ps512,
                Algorithm::Rs256,
                Algorithm::Rs384,
                Algorithm::Rs512,
            ]),
            key: backend::Key::rsa(components)?,
        })
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithms", &self.algorithms)
            .field("key", &format_args!("[redacted]"))
            .finish()
    }
}
