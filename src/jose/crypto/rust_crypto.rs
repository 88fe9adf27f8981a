use hmac::{Hmac, Mac};
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey, pkcs8::AssociatedOid, pss, signature::Verifier};
use sha2::{Digest, Sha256, Sha384, Sha512, digest::FixedOutputReset};

use super::{Curve, KeyError, MlDsa, rsa_components::RsaComponents, rust_ml_dsa::MlDsaKey};
use crate::jose::algorithm::Algorithm;

/// A key of the pure Rust crates, for the algorithms of its type.
pub(super) enum Key {
    Ed25519(ed25519_dalek::VerifyingKey),
    Hs256(Hmac<Sha256>),
    Hs384(Hmac<Sha384>),
    Hs512(Hmac<Sha512>),
    MlDsa(MlDsaKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Rsa(RsaPublicKey),
}

impl Key {
    pub(super) fn rsa(components: &RsaComponents<'_>) -> Result<Self, KeyError> {
        let (n, e) = (components.n, components.e);
        let (n_number, e_number) = (BigUint::from_bytes_be(n), BigUint::from_bytes_be(e));
        // `RsaPublicKey::new` accepts at most 4096 bits. The components have already been
        // validated.
        RsaPublicKey::new_with_max_size(n_number, e_number, n.len().saturating_mul(8))
            .map(Self::Rsa)
            .map_err(|_| KeyError::NO_RSA)
    }

    pub(super) fn ec(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        match curve {
            Curve::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P256),
            Curve::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P384),
            Curve::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P521),
        }
        .map_err(|_| KeyError::OFF_CURVE)
    }

    pub(super) fn ed25519(x: &[u8; 32]) -> Result<Self, KeyError> {
        ed25519_dalek::VerifyingKey::from_bytes(x)
            .map(Self::Ed25519)
            .map_err(|_| KeyError::OFF_CURVE)
    }

    pub(super) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::Hs256 => Hmac::new_from_slice(secret).map(Self::Hs256),
            Algorithm::Hs384 => Hmac::new_from_slice(secret).map(Self::Hs384),
            Algorithm::Hs512 => Hmac::new_from_slice(secret).map(Self::Hs512),
            _ => return Err(KeyError::NO_HMAC),
        }
        .map_err(|_| KeyError::NO_HMAC)
    }

    pub(super) fn ml_dsa(parameters: MlDsa, public: &[u8]) -> Result<Self, KeyError> {
        MlDsaKey::new(parameters, public).map(Self::MlDsa)
    }

    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm) {
            (Self::Ed25519(key), _) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            (Self::Hs256(key), _) => hmac(key, message, signature),
            (Self::Hs384(key), _) => hmac(key, message, signature),
            (Self::Hs512(key), _) => hmac(key, message, signature),
            (Self::MlDsa(key), _) => key.verify(message, signature),
            (Self::P256(key), _) => verify::<p256::ecdsa::Signature>(key, message, signature),
            (Self::P384(key), _) => verify::<p384::ecdsa::Signature>(key, message, signature),
            (Self::P521(key), _) => verify::<p521::ecdsa::Signature>(key, message, signature),
            (Self::Rsa(key), Algorithm::Ps256) => rsa_pss::<Sha256>(key, message, signature),
            (Self::Rsa(key), Algorithm::Ps384) => rsa_pss::<Sha384>(key, message, signature),
            (Self::Rsa(key), Algorithm::Ps512) => rsa_pss::<Sha512>(key, message, signature),
            (Self::Rsa(key), Algorithm::Rs256) => rsa_pkcs1::<Sha256>(key, message, signature),
            (Self::Rsa(key), Algorithm::Rs384) => rsa_pkcs1::<Sha384>(key, message, signature),
            (Self::Rsa(key), Algorithm::Rs512) => rsa_pkcs1::<Sha512>(key, message, signature),
            (Self::Rsa(_), _) => false,
        }
    }
}

fn verify<S>(key: &impl Verifier<S>, message: &[u8], signature: &[u8]) -> bool
where
    S: for<'a> TryFrom<&'a [u8]>,
{
    S::try_from(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

fn hmac<M: Mac + Clone>(key: &M, message: &[u8], signature: &[u8]) -> bool {
    key.clone().chain_update(message).verify_slice(signature).is_ok()
}

fn rsa_pkcs1<D>(key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool
where
    D: Digest + AssociatedOid,
{
    key.verify(Pkcs1v15Sign::new::<D>(), &D::digest(message), signature).is_ok()
}

/// Deliberately not `RsaPublicKey::verify`, although that doesn't copy the key: with PSS, it
/// accepts a signature that isn't less than the modulus, which violates RFC 8017 §5.2.2.
fn rsa_pss<D>(key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool
where
    D: Digest + FixedOutputReset,
{
    verify::<pss::Signature>(&pss::VerifyingKey::<D>::new(key.clone()), message, signature)
}
