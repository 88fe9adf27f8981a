//! What is known about the revocation of a token.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

/// The state that lets a token be checked against a revocation list in a few nanoseconds: it is looked up only
/// if the list has changed since the last time.
#[derive(Debug, Default)]
pub(crate) struct RevocationState {
    /// The generation of the list that didn't revoke the token. Zero if it hasn't been checked.
    passed: AtomicU64,
    keys: OnceLock<Box<RevocationKeys>>,
}

/// The digests under which a token may be revoked.
pub(crate) type RevocationKeys = [Option<[u64; 2]>; 9];

impl RevocationState {
    pub(crate) fn has_passed(&self, generation: u64) -> bool {
        self.passed.load(Ordering::Relaxed) == generation
    }

    pub(crate) fn pass(&self, generation: u64) {
        self.passed.store(generation, Ordering::Relaxed);
    }

    /// Returns the keys, which are computed once per token and only if something was revoked.
    pub(crate) fn keys(&self, compute: impl FnOnce() -> RevocationKeys) -> &RevocationKeys {
        self.keys.get_or_init(|| Box::new(compute()))
    }
}
