use super::{
    KeyError,
    ml_dsa::{MlDsa, UNSUPPORTED},
};

/// An ML-DSA key without the feature `rust-crypto-ml-dsa`: there is none.
pub(super) enum MlDsaKey {}

impl MlDsaKey {
    pub(super) fn new(_: MlDsa, _: &[u8]) -> Result<Self, KeyError> {
        Err(KeyError::Unsupported(UNSUPPORTED))
    }

    pub(super) fn verify(&self, _: &[u8], _: &[u8]) -> bool {
        match *self {}
    }
}
