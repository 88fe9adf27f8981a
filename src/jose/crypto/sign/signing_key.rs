use std::fmt;

use zeroize::Zeroizing;

use super::{PrivateParts, PublicParts, backend};
use crate::jose::{
    algorithm::{Algorithm, AlgorithmSet},
    crypto::KeyError,
};

/// A key that creates signatures.
pub(crate) struct SigningKey {
    key: backend::Key,
    secret: Option<Zeroizing<Vec<u8>>>,
}

impl SigningKey {
    pub(super) fn new(key: backend::Key, secret: Option<Zeroizing<Vec<u8>>>) -> Self {
        Self { key, secret }
    }

    /// Creates a key from its private parts.
    pub(crate) fn from_private(parts: &PrivateParts) -> Result<Self, KeyError> {
        parts.check()?;
        let rejected = KeyError::Malformed("its numbers don't match each other");
        let key = backend::Key::from_private(parts).ok_or(rejected.clone())?;
        match key.public_parts() {
            Some(public) if parts.agree_with(&public) => Ok(Self::new(key, None)),
            _ => Err(rejected),
        }
    }

    /// Returns the algorithms with which the key can sign.
    pub(crate) fn algorithms(&self) -> AlgorithmSet {
        match self.key.public_parts() {
            Some(PublicParts::Ec { curve, .. }) => AlgorithmSet::from_iter([curve.algorithm()]),
            Some(PublicParts::Ed25519 { .. }) => AlgorithmSet::from_iter([Algorithm::EdDsa]),
            Some(PublicParts::MlDsa { parameters, .. }) => {
                AlgorithmSet::from_iter([parameters.algorithm()])
            }
            Some(PublicParts::Rsa { .. }) => AlgorithmSet::from_iter(Algorithm::RSA),
            Some(PublicParts::None) | None => AlgorithmSet::from_iter([]),
        }
    }

    /// Signs a message. The signature has the format of a JWS. Returns `None` if the key can't be
    /// used with the algorithm.
    pub(crate) fn try_sign(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        self.key.sign(algorithm, message)
    }

    /// Returns the public parts of this key for a key set.
    pub(crate) fn try_public_parts(&self) -> Option<PublicParts> {
        self.key.public_parts()
    }

    /// Returns the secret, if the key is a secret.
    pub(crate) fn secret(&self) -> Option<&[u8]> {
        self.secret.as_ref().map(|secret| secret.as_slice())
    }
}

/// Returns random bytes, or `None` if the random number generator fails.
pub(crate) fn random(len: usize) -> Option<Vec<u8>> {
    backend::random(len)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey([redacted])")
    }
}
