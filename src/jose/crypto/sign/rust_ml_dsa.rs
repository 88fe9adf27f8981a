use ml_dsa::{Keypair, MlDsa44, MlDsa65, MlDsa87, MlDsaParams, Seed, Signer, SigningKey};

use crate::jose::crypto::MlDsa;

/// A private ML-DSA key of the `ml-dsa` crate. It signs deterministically.
pub(in crate::jose::crypto) enum MlDsaKey {
    MlDsa44(Box<SigningKey<MlDsa44>>),
    MlDsa65(Box<SigningKey<MlDsa65>>),
    MlDsa87(Box<SigningKey<MlDsa87>>),
}

impl MlDsaKey {
    pub(super) fn from_seed(parameters: MlDsa, seed: &[u8]) -> Option<Self> {
        let seed = Seed::try_from(seed).ok()?;
        Some(match parameters {
            MlDsa::MlDsa44 => Self::MlDsa44(Box::new(SigningKey::from_seed(&seed))),
            MlDsa::MlDsa65 => Self::MlDsa65(Box::new(SigningKey::from_seed(&seed))),
            MlDsa::MlDsa87 => Self::MlDsa87(Box::new(SigningKey::from_seed(&seed))),
        })
    }

    pub(super) const fn parameters(&self) -> MlDsa {
        match self {
            Self::MlDsa44(_) => MlDsa::MlDsa44,
            Self::MlDsa65(_) => MlDsa::MlDsa65,
            Self::MlDsa87(_) => MlDsa::MlDsa87,
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::MlDsa44(key) => sign(key, message),
            Self::MlDsa65(key) => sign(key, message),
            Self::MlDsa87(key) => sign(key, message),
        }
    }

    pub(super) fn public_key(&self) -> Vec<u8> {
        match self {
            Self::MlDsa44(key) => key.verifying_key().encode().to_vec(),
            Self::MlDsa65(key) => key.verifying_key().encode().to_vec(),
            Self::MlDsa87(key) => key.verifying_key().encode().to_vec(),
        }
    }
}

fn sign<P: MlDsaParams>(key: &SigningKey<P>, message: &[u8]) -> Option<Vec<u8>> {
    Some(key.try_sign(message).ok()?.encode().to_vec())
}
