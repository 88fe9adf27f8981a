//! Public keys in PEM form (RFC 7468).

use super::Key;
use crate::jose::{
    crypto::{KeyError, VerifyingKey},
    pem::PemBlock,
};

/// The reason why a PEM text isn't a key that verifies signatures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PemError {
    #[error("it is a private key; use the public key")]
    Private,
    #[error("it is a certificate; use its public key, which `openssl x509 -pubkey` prints")]
    Certificate,
    #[error("it isn't a PEM text with exactly one RSA, EC, Ed25519 or ML-DSA public key")]
    Malformed,
    #[error(transparent)]
    Key(KeyError),
}

impl Key {
    /// Reads one public key: `PUBLIC KEY` or `RSA PUBLIC KEY`.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, PemError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(PemError::Private);
        }
        if pem.contains("BEGIN CERTIFICATE-----") {
            return Err(PemError::Certificate);
        }
        let mut blocks = PemBlock::all(pem);
        let (Some(block), None) = (blocks.next(), blocks.next()) else {
            return Err(PemError::Malformed);
        };
        let der = block.decode().ok_or(PemError::Malformed)?;
        let key = match block.label {
            "PUBLIC KEY" => VerifyingKey::from_public_key_info(&der),
            "RSA PUBLIC KEY" => VerifyingKey::rsa_pkcs1_der(&der),
            _ => return Err(PemError::Malformed),
        };
        let key = key.map_err(|error| match error {
            KeyError::Malformed(_) => PemError::Malformed,
            error => PemError::Key(error),
        })?;
        let algorithms = key.algorithms();
        Ok(Self::new(None, key, algorithms))
    }
}
