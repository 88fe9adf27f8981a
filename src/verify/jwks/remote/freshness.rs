//! The freshness of the key set, which is read without a lock or a reference count.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::claims::NumericDate;

/// The generation and the times of a fresh key set, which are checked for each cached token.
///
/// It is a copy of the snapshot's times in whole seconds, and never confirms more than the snapshot does. If
/// it doesn't confirm a generation, the snapshot decides.
#[derive(Debug, Default)]
pub(super) struct Freshness {
    /// Zero while there is no such set, or while it is being replaced.
    generation: AtomicU64,
    from: AtomicU64,
    until: AtomicU64,
}

impl Freshness {
    /// Confirms nothing until the next [`set`](Self::set). Must be called before the snapshot is replaced, so
    /// that a thread that has seen the new snapshot can't confirm the old generation.
    pub(super) fn clear(&self) {
        self.generation.store(0, Ordering::SeqCst);
    }

    /// Confirms `generation` from `from` until before `until`. Must be called after [`clear`](Self::clear), by
    /// one thread at a time.
    pub(super) fn set(&self, generation: u64, from: NumericDate, until: NumericDate) {
        self.from.store(from.as_secs(), Ordering::Release);
        self.until.store(until.as_secs(), Ordering::Release);
        self.generation.store(generation, Ordering::Release);
    }

    /// Returns whether the set of `generation` is in use and fresh.
    pub(super) fn confirms(&self, generation: u64, now: NumericDate) -> bool {
        let is_set = || generation != 0 && self.generation.load(Ordering::Acquire) == generation;
        // Checked again after the times, because they belong to a later set if one was stored in
        // between.
        is_set()
            && self.from.load(Ordering::Acquire) <= now.as_secs()
            && now.as_secs() < self.until.load(Ordering::Acquire)
            && is_set()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_confirmed_while_it_is_set_and_fresh() {
        let at = NumericDate::from_secs;
        let freshness = Freshness::default();
        assert!(!freshness.confirms(0, at(0)) && !freshness.confirms(1, at(0)));
        freshness.set(1, at(10), at(20));
        for (generation, now, is_confirmed) in [
            (1, 10, true),
            (1, 19, true),
            (1, 9, false),
            (1, 20, false),
            (2, 15, false),
            (0, 15, false),
        ] {
            assert_eq!(freshness.confirms(generation, at(now)), is_confirmed, "{generation} {now}");
        }
        freshness.clear();
        assert!(!freshness.confirms(1, at(15)));
        freshness.set(2, at(15), at(30));
        assert!(freshness.confirms(2, at(15)) && !freshness.confirms(1, at(15)));
    }
}
