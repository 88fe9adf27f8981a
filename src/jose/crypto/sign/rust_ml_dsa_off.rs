use crate::jose::crypto::MlDsa;

/// Replaces private ML-DSA keys without the `rust-crypto-ml-dsa` feature: an uninhabited type.
pub(in crate::jose::crypto) enum MlDsaKey {}

impl MlDsaKey {
    pub(super) fn from_seed(_: MlDsa, _: &[u8]) -> Option<Self> {
        None
    }

    pub(super) const fn parameters(&self) -> MlDsa {
        match *self {}
    }

    pub(super) fn sign(&self, _: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }

    pub(super) fn public_key(&self) -> Vec<u8> {
        match *self {}
    }
}
