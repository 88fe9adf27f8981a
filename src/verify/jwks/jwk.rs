//! One JSON Web Key (RFC 7517, RFC 7518 §6, RFC 8037 §2).

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use serde_json::Value;

use super::Key;
use crate::jose::{
    algorithm::{Algorithm, AlgorithmSet},
    base64url,
    crypto::{Curve, KeyError, VerifyingKey},
};

/// Why a key of a set is left out. The others still serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JwkError {
    #[error("it is not for verifying signatures")]
    OtherUse,
    #[error("its type or curve is not supported")]
    Unsupported,
    #[error("its `alg` doesn't fit it")]
    Algorithm,
    #[error("it breaks the form of a JWK")]
    Malformed,
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Reads a public key that verifies signatures. Private members are never looked at.
pub(super) fn read(value: &Value) -> Result<Key, JwkError> {
    // jsonwebtoken knows fewer algorithms than we verify, so `alg` is read here.
    let algorithm = match value.get("alg") {
        // Some write null for what they would rather leave out; for `kid` and `use` it is the same.
        None | Some(Value::Null) => None,
        Some(name) => {
            let name = name.as_str().ok_or(JwkError::Malformed)?;
            Some(Algorithm::from_name(name).ok_or(JwkError::Unsupported)?)
        }
    };
    let jwk = Jwk::deserialize(value).map_err(|_| JwkError::Malformed)?;
    if !is_for_verifying(&jwk) {
        return Err(JwkError::OtherUse);
    }
    let key = verifying_key(&jwk.algorithm)?;
    let algorithms = match algorithm {
        None => key.algorithms(),
        Some(algorithm) if key.algorithms().contains(algorithm) => {
            AlgorithmSet::from_iter([algorithm])
        }
        Some(_) => return Err(JwkError::Algorithm),
    };
    Ok(Key::new(jwk.common.key_id, key, algorithms))
}

/// `use` and `key_ops` (RFC 7517 §4.2, §4.3): where they stand, they must say so.
fn is_for_verifying(jwk: &Jwk) -> bool {
    let public_key_use = jwk.common.public_key_use.as_ref();
    let operations = jwk.common.key_operations.as_ref();
    public_key_use.is_none_or(|public_key_use| *public_key_use == PublicKeyUse::Signature)
        && operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify))
}

fn verifying_key(parameters: &AlgorithmParameters) -> Result<VerifyingKey, JwkError> {
    let number = |text: &str| base64url::decode(text).ok_or(JwkError::Malformed);
    match parameters {
        AlgorithmParameters::RSA(rsa) => Ok(VerifyingKey::rsa(&number(&rsa.n)?, &number(&rsa.e)?)?),
        AlgorithmParameters::EllipticCurve(ec) => {
            let curve = match ec.curve {
                EllipticCurve::P256 => Curve::P256,
                EllipticCurve::P384 => Curve::P384,
                EllipticCurve::P521 => Curve::P521,
                _ => return Err(JwkError::Unsupported),
            };
            let point = curve.point(&number(&ec.x)?, &number(&ec.y)?)?;
            Ok(VerifyingKey::ec(curve, &point)?)
        }
        AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => {
            Ok(VerifyingKey::ed25519(&number(&okp.x)?)?)
        }
        // An `oct` entry too: a secret that everyone can read is none.
        _ => Err(JwkError::Unsupported),
    }
}
