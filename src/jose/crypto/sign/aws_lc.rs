use aws_lc_rs::{hmac, rand, rsa, signature};
use signature::{
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, PqdsaKeyPair,
    PqdsaSigningAlgorithm, RsaKeyPair, RsaSignatureEncoding,
};

use super::{
    PrivateParts, PublicParts,
    private_parts::{ec_private_key_der, scalar},
};
use crate::jose::{
    algorithm::Algorithm,
    crypto::{Curve, MlDsa, rsa_components::RsaComponents},
};

/// A private key of aws-lc-rs.
pub(in crate::jose::crypto) enum Key {
    Ec(Curve, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Hmac(Algorithm, Box<hmac::Key>),
    MlDsa(MlDsa, PqdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Key {
    pub(in crate::jose::crypto) fn from_private(parts: &PrivateParts) -> Option<Self> {
        match parts {
            PrivateParts::Ec { curve, d, .. } => {
                let der = ec_private_key_der(*curve, &scalar(*curve, d)?)?;
                let pair = EcdsaKeyPair::from_private_key_der(ecdsa(*curve), &der).ok()?;
                Some(Self::Ec(*curve, pair))
            }
            // The length is checked because aws-lc-rs ignores additional bytes.
            PrivateParts::Ed25519 { seed, .. } if seed.len() == 32 => {
                Ed25519KeyPair::from_seed_unchecked(seed).ok().map(Self::Ed25519)
            }
            PrivateParts::Ed25519 { .. } => None,
            PrivateParts::MlDsa { parameters, seed, .. } => {
                let pair = PqdsaKeyPair::from_seed(ml_dsa(*parameters), seed).ok()?;
                Some(Self::MlDsa(*parameters, pair))
            }
            PrivateParts::Rsa(parts) => {
                RsaKeyPair::from_der(&parts.to_pkcs1()?).ok().map(Self::Rsa)
            }
        }
    }

    pub(in crate::jose::crypto) fn generate(algorithm: Algorithm) -> Option<Self> {
        if let Some(parameters) = MlDsa::of(algorithm) {
            let pair = PqdsaKeyPair::generate(ml_dsa(parameters)).ok()?;
            return Some(Self::MlDsa(parameters, pair));
        }
        let curve = match algorithm {
            Algorithm::EdDsa => return Ed25519KeyPair::generate().ok().map(Self::Ed25519),
            Algorithm::Es256 => Curve::P256,
            Algorithm::Es384 => Curve::P384,
            Algorithm::Es512 => Curve::P521,
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
            | Algorithm::Rs512 => {
                return RsaKeyPair::generate(rsa::KeySize::Rsa2048).ok().map(Self::Rsa);
            }
        };
        EcdsaKeyPair::generate(ecdsa(curve)).ok().map(|pair| Self::Ec(curve, pair))
    }

    pub(in crate::jose::crypto) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        let hash = match algorithm {
            Algorithm::Hs256 => hmac::HMAC_SHA256,
            Algorithm::Hs384 => hmac::HMAC_SHA384,
            Algorithm::Hs512 => hmac::HMAC_SHA512,
            _ => return None,
        };
        Some(Self::Hmac(algorithm, Box::new(hmac::Key::new(hash, secret))))
    }

    pub(in crate::jose::crypto) fn sign(
        &self,
        algorithm: Algorithm,
        message: &[u8],
    ) -> Option<Vec<u8>> {
        let random = rand::SystemRandom::new();
        match self {
            Self::Ec(curve, pair) if curve.algorithm() == algorithm => {
                Some(pair.sign(&random, message).ok()?.as_ref().to_vec())
            }
            Self::Ed25519(pair) if algorithm == Algorithm::EdDsa => {
                Some(pair.try_sign(message).ok()?.as_ref().to_vec())
            }
            Self::Hmac(its_own, key) if *its_own == algorithm => {
                Some(hmac::sign(key, message).as_ref().to_vec())
            }
            Self::MlDsa(parameters, pair) if parameters.algorithm() == algorithm => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                pair.sign(message, &mut signature).ok()?;
                Some(signature)
            }
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(rsa_encoding(algorithm)?, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            _ => None,
        }
    }

    pub(in crate::jose::crypto) fn public_parts(&self) -> Option<PublicParts> {
        match self {
            Self::Ec(curve, pair) => PublicParts::ec(*curve, pair.public_key().as_ref()),
            Self::Ed25519(pair) => {
                Some(PublicParts::Ed25519 { x: pair.public_key().as_ref().to_vec() })
            }
            Self::Hmac(..) => Some(PublicParts::None),
            Self::MlDsa(parameters, pair) => Some(PublicParts::MlDsa {
                parameters: *parameters,
                public: pair.public_key().as_ref().to_vec(),
            }),
            Self::Rsa(pair) => {
                let key = RsaComponents::from_pkcs1_der(pair.public_key().as_ref()).ok()?;
                Some(PublicParts::Rsa { n: key.n.to_vec(), e: key.e.to_vec() })
            }
        }
    }
}

pub(in crate::jose::crypto) fn random(len: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; len];
    rand::fill(&mut bytes).ok().map(|()| bytes)
}

fn ecdsa(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
    }
}

fn ml_dsa(parameters: MlDsa) -> &'static PqdsaSigningAlgorithm {
    match parameters {
        MlDsa::MlDsa44 => &signature::ML_DSA_44_SIGNING,
        MlDsa::MlDsa65 => &signature::ML_DSA_65_SIGNING,
        MlDsa::MlDsa87 => &signature::ML_DSA_87_SIGNING,
    }
}

fn rsa_encoding(algorithm: Algorithm) -> Option<&'static RsaSignatureEncoding> {
    Some(match algorithm {
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        Algorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        _ => return None,
    })
}
