//! Public keys in PEM form (RFC 7468).

use jsonwebtoken::DecodingKey;

use super::Key;
use crate::jose::crypto::{Curve, KeyError, VerifyingKey};

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
    Key(#[from] KeyError),
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
        // If there were several, the reader would use the first.
        if pem.matches("-----BEGIN ").count() != 1 {
            return Err(PemError::Malformed);
        }
        let key = verifying_key(pem.trim().as_bytes())?;
        let algorithms = key.algorithms();
        Ok(Self::new(None, key, algorithms))
    }
}

fn verifying_key(pem: &[u8]) -> Result<VerifyingKey, PemError> {
    let bytes = |key: &DecodingKey| -> Result<Vec<u8>, PemError> {
        key.try_get_as_bytes().map(<[u8]>::to_vec).map_err(|_| PemError::Malformed)
    };
    if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
        return Ok(VerifyingKey::rsa_pkcs1_der(&bytes(&key)?)?);
    }
    if let Ok(key) = DecodingKey::from_ec_pem(pem) {
        let point = bytes(&key)?;
        let curve = Curve::from_point_len(point.len()).ok_or(PemError::Malformed)?;
        return Ok(VerifyingKey::ec(curve, &point)?);
    }
    if let Ok(key) = DecodingKey::from_ed_pem(pem) {
        return Ok(VerifyingKey::ed25519(&bytes(&key)?)?);
    }
    // jsonwebtoken doesn't know ML-DSA.
    let key = subject_public_key_info(pem).and_then(|der| VerifyingKey::ml_dsa_spki_der(&der));
    Ok(key.ok_or(PemError::Malformed)??)
}

/// Decodes the body of a `PUBLIC KEY`.
fn subject_public_key_info(pem: &[u8]) -> Option<Vec<u8>> {
    let body = str::from_utf8(pem).ok()?.strip_prefix("-----BEGIN PUBLIC KEY-----")?;
    let body = body.strip_suffix("-----END PUBLIC KEY-----")?;
    let body: String = body.split_ascii_whitespace().collect();
    base64_simd::STANDARD.decode_to_vec(body).ok()
}
