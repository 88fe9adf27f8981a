use super::{
    KeyError,
    ml_dsa::{MlDsa, UNSUPPORTED},
};

/// Replaces ML-DSA keys without the `rust-crypto-ml-dsa` feature: an uninhabited type.
pub(super) enum MlDsaKey {}

impl MlDsaKey {
    pub(super) fn new(_: MlDsa, _: &[u8]) -> Result<Self, KeyError> {
        Err(KeyError::Unsupported(UNSUPPORTED))
    }

    pub(super) fn verify(&self, _: &[u8], _: &[u8]) -> bool {
        match *self {}
    }
}
