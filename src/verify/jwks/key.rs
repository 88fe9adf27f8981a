//! One key of a set.

use crate::jose::{
    algorithm::{Algorithm, AlgorithmSet},
    crypto::VerifyingKey,
};

/// A key that verifies signatures, with its `kid` and the algorithms for which it may be used.
#[derive(Debug)]
pub(crate) struct Key {
    pub(super) kid: Option<Box<str>>,
    verifying: VerifyingKey,
    pub(super) algorithms: AlgorithmSet,
}

impl Key {
    pub(crate) fn new(
        kid: Option<String>,
        verifying: VerifyingKey,
        algorithms: AlgorithmSet,
    ) -> Self {
        Self { kid: kid.map(String::into_boxed_str), verifying, algorithms }
    }

    /// Returns whether this key signed the message.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.algorithms.contains(algorithm) && self.verifying.verify(algorithm, message, signature)
    }
}
