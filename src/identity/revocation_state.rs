//! Caches whether a token is revoked.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

/// Caches the result of checking a token against a revocation list. The list is only searched if it has changed since
/// the last check, so that a check takes a few nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct RevocationState {
    /// The generation of the list in which the token was not revoked. Zero if it hasn't been checked.
    passed: AtomicU64,
    keys: OnceLock<Box<RevocationKeys>>,
}

/// The digests with which a token may be in the list.
pub(crate) type RevocationKeys = [Option<[u64; 2]>; 9];

impl RevocationState {
    pub(crate) fn has_passed(&self, generation: u64) -> bool {
        self.passed.load(Ordering::Relaxed) == generation
    }

    pub(crate) fn pass(&self, generation: u64) {
        self.passed.store(generation, Ordering::Relaxed);
    }

    /// Returns the digests, which are computed once per token, and only if the list isn't empty.
    pub(crate) fn keys(&self, compute: impl FnOnce() -> RevocationKeys) -> &RevocationKeys {
        self.keys.get_or_init(|| Box::new(compute()))
    }
}
