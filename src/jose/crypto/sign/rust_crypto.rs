use hmac::{Hmac, Mac};
use rsa::{
    BigUint, Pkcs1v15Sign, Pss, RsaPrivateKey,
    rand_core::{OsRng, RngCore},
    signature::RandomizedSigner,
    traits::PublicKeyParts,
};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{PrivateParts, PublicParts, private_parts::scalar, rust_ml_dsa::MlDsaKey};
use crate::jose::{
    algorithm::Algorithm,
    crypto::{Curve, MlDsa},
};

/// A private key of the pure Rust crates.
pub(in crate::jose::crypto) enum Key {
    Ed25519(ed25519_dalek::SigningKey),
    Hs256(Hmac<Sha256>),
    Hs384(Hmac<Sha384>),
    Hs512(Hmac<Sha512>),
    MlDsa(MlDsaKey),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Rsa(Box<RsaPrivateKey>),
}

impl Key {
    pub(in crate::jose::crypto) fn from_private(parts: &PrivateParts) -> Option<Self> {
        match parts {
            PrivateParts::Ec { curve, d, .. } => {
                let d = scalar(*curve, d)?;
                match curve {
                    Curve::P256 => p256::ecdsa::SigningKey::from_slice(&d).ok().map(Self::P256),
                    Curve::P384 => p384::ecdsa::SigningKey::from_slice(&d).ok().map(Self::P384),
                    Curve::P521 => p521::ecdsa::SigningKey::from_slice(&d).ok().map(Self::P521),
                }
            }
            PrivateParts::Ed25519 { seed, .. } => {
                let seed = seed.as_slice().try_into().ok()?;
                Some(Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(seed)))
            }
            PrivateParts::MlDsa { parameters, seed, .. } => {
                MlDsaKey::from_seed(*parameters, seed).map(Self::MlDsa)
            }
            PrivateParts::Rsa(parts) => {
                let number = |bytes: &[u8]| BigUint::from_bytes_be(bytes);
                let primes = vec![number(&parts.p), number(&parts.q)];
                let (n, e, d) = (number(&parts.n), number(&parts.e), number(&parts.d));
                RsaPrivateKey::from_components(n, e, d, primes).ok().map(Box::new).map(Self::Rsa)
            }
        }
    }

    pub(in crate::jose::crypto) fn generate(algorithm: Algorithm) -> Option<Self> {
        if let Some(parameters) = MlDsa::of(algorithm) {
            return MlDsaKey::from_seed(parameters, &random(32)?).map(Self::MlDsa);
        }
        Some(match algorithm {
            Algorithm::EdDsa => {
                let seed = random(32)?;
                Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(
                    seed.as_slice().try_into().ok()?,
                ))
            }
            Algorithm::Es256 => Self::P256(p256::ecdsa::SigningKey::random(&mut OsRng)),
            Algorithm::Es384 => Self::P384(p384::ecdsa::SigningKey::random(&mut OsRng)),
            Algorithm::Es512 => Self::P521(p521::ecdsa::SigningKey::random(&mut OsRng)),
            Algorithm::Hs256
            | Algorithm::Hs384
            | Algorithm::Hs512
            | Algorithm::MlDsa44
            | Algorithm::MlDsa65
            | Algorithm::MlDsa87 => return None,
            Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512
            | Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512 => Self::Rsa(Box::new(RsaPrivateKey::new(&mut OsRng, 2048).ok()?)),
        })
    }

    pub(in crate::jose::crypto) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::Hs256 => Hmac::new_from_slice(secret).ok().map(Self::Hs256),
            Algorithm::Hs384 => Hmac::new_from_slice(secret).ok().map(Self::Hs384),
            Algorithm::Hs512 => Hmac::new_from_slice(secret).ok().map(Self::Hs512),
            _ => None,
        }
    }

    pub(in crate::jose::crypto) fn sign(
        &self,
        algorithm: Algorithm,
        message: &[u8],
    ) -> Option<Vec<u8>> {
        match (self, algorithm) {
            (Self::Ed25519(key), Algorithm::EdDsa) => {
                use ed25519_dalek::Signer;
                Some(key.try_sign(message).ok()?.to_bytes().to_vec())
            }
            (Self::Hs256(key), Algorithm::Hs256) => Some(hmac(key, message)),
            (Self::Hs384(key), Algorithm::Hs384) => Some(hmac(key, message)),
            (Self::Hs512(key), Algorithm::Hs512) => Some(hmac(key, message)),
            (Self::MlDsa(key), _) if key.parameters().algorithm() == algorithm => key.sign(message),
            (Self::P256(key), Algorithm::Es256) => {
                let signature: p256::ecdsa::Signature =
                    key.try_sign_with_rng(&mut OsRng, message).ok()?;
                Some(signature.to_bytes().to_vec())
            }
            (Self::P384(key), Algorithm::Es384) => {
                let signature: p384::ecdsa::Signature =
                    key.try_sign_with_rng(&mut OsRng, message).ok()?;
                Some(signature.to_bytes().to_vec())
            }
            (Self::P521(key), Algorithm::Es512) => {
                let signature: p521::ecdsa::Signature =
                    key.try_sign_with_rng(&mut OsRng, message).ok()?;
                Some(signature.to_bytes().to_vec())
            }
            (Self::Rsa(key), _) => rsa(key, algorithm, message),
            _ => None,
        }
    }

    pub(in crate::jose::crypto) fn public_parts(&self) -> Option<PublicParts> {
        match self {
            Self::Ed25519(key) => {
                Some(PublicParts::Ed25519 { x: key.verifying_key().to_bytes().to_vec() })
            }
            Self::Hs256(_) | Self::Hs384(_) | Self::Hs512(_) => Some(PublicParts::None),
            Self::MlDsa(key) => {
                Some(PublicParts::MlDsa { parameters: key.parameters(), public: key.public_key() })
            }
            Self::P256(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                PublicParts::ec(Curve::P256, point.as_bytes())
            }
            Self::P384(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                PublicParts::ec(Curve::P384, point.as_bytes())
            }
            Self::P521(key) => {
                let point = p521::ecdsa::VerifyingKey::from(key).to_encoded_point(false);
                PublicParts::ec(Curve::P521, point.as_bytes())
            }
            Self::Rsa(key) => {
                Some(PublicParts::Rsa { n: key.n().to_bytes_be(), e: key.e().to_bytes_be() })
            }
        }
    }
}

pub(in crate::jose::crypto) fn random(len: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; len];
    OsRng.try_fill_bytes(&mut bytes).ok().map(|()| bytes)
}

fn hmac<M: Mac + Clone>(key: &M, message: &[u8]) -> Vec<u8> {
    key.clone().chain_update(message).finalize().into_bytes().to_vec()
}

fn rsa(key: &RsaPrivateKey, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
    let (sha256, sha384, sha512) =
        (Sha256::digest(message), Sha384::digest(message), Sha512::digest(message));
    match algorithm {
        Algorithm::Ps256 => key.sign_with_rng(&mut OsRng, Pss::new::<Sha256>(), &sha256),
        Algorithm::Ps384 => key.sign_with_rng(&mut OsRng, Pss::new::<Sha384>(), &sha384),
        Algorithm::Ps512 => key.sign_with_rng(&mut OsRng, Pss::new::<Sha512>(), &sha512),
        Algorithm::Rs256 => key.sign(Pkcs1v15Sign::new::<Sha256>(), &sha256),
        Algorithm::Rs384 => key.sign(Pkcs1v15Sign::new::<Sha384>(), &sha384),
        Algorithm::Rs512 => key.sign(Pkcs1v15Sign::new::<Sha512>(), &sha512),
        _ => return None,
    }
    .ok()
}
