use ml_dsa::{
    EncodedVerifyingKey, MlDsa44, MlDsa65, MlDsa87, MlDsaParams, Signature, Verifier, VerifyingKey,
};

use super::{KeyError, MlDsa};

/// A public ML-DSA key of the `ml-dsa` crate, with its expanded matrix.
pub(super) enum MlDsaKey {
    MlDsa44(VerifyingKey<MlDsa44>),
    MlDsa65(VerifyingKey<MlDsa65>),
    MlDsa87(VerifyingKey<MlDsa87>),
}

impl MlDsaKey {
    pub(super) fn new(parameters: MlDsa, public: &[u8]) -> Result<Self, KeyError> {
        match parameters {
            MlDsa::MlDsa44 => decode(public).map(Self::MlDsa44),
            MlDsa::MlDsa65 => decode(public).map(Self::MlDsa65),
            MlDsa::MlDsa87 => decode(public).map(Self::MlDsa87),
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::MlDsa44(key) => verify(key, message, signature),
            Self::MlDsa65(key) => verify(key, message, signature),
            Self::MlDsa87(key) => verify(key, message, signature),
        }
    }
}

fn decode<P: MlDsaParams>(public: &[u8]) -> Result<VerifyingKey<P>, KeyError> {
    let encoded = EncodedVerifyingKey::<P>::try_from(public).map_err(|_| KeyError::NO_ML_DSA)?;
    Ok(VerifyingKey::decode(&encoded))
}

fn verify<P: MlDsaParams>(key: &VerifyingKey<P>, message: &[u8], signature: &[u8]) -> bool {
    Signature::<P>::try_from(signature)
        .is_ok_and(|signature| key.verify(message, &signature).is_ok())
}
