//! Tries the keys that may have signed a token, and limits how many for tokens that don't identify their key.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::jws::Jws;
use crate::{
    claims::NumericDate,
    error::TokenFault,
    verify::jwks::{Key, KeySet},
};

/// The number of keys that are tried for every token.
const UNLIMITED: usize = 4;

/// The number of additional keys that are tried per second, for all tokens of an issuer together. With
/// ES256, this takes about 6 % of one processor.
const PER_SECOND: u64 = 1000;

/// The number of bits of [`KeyTrials::used`] that contain the count.
const COUNT_BITS: u32 = 16;

/// A limit on the work that tokens without a `kid` cause. Key sets with more than four keys of one algorithm
/// are rare, so the first four keys are tried without a limit. After them, the key that matched last is tried
/// first and without a limit, so a flood of forged tokens doesn't affect an issuer that signs with one key at
/// a time.
///
/// The same applies to keys that share a `kid`.
#[derive(Debug, Default)]
pub(crate) struct KeyTrials {
    /// The time of the last trial, in seconds, and in its lowest 16 bits the number of trials in
    /// that second.
    used: AtomicU64,
    /// The position of the key that matched last, among those after the first four.
    last_match: AtomicUsize,
}

/// The outcome of checking a signature with a key set.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// The key with the token's `kid` isn't for its algorithm.
    Algorithm,
    /// The key with the token's `kid` doesn't verify it. A newer set may have a different key with
    /// this `kid`.
    Invalid,
    /// Not every key could be tried.
    Limited,
    /// No key of the set verifies it, and the set has no key with the token's `kid`. A newer set
    /// may have one.
    UnknownKey(TokenFault),
    Valid,
}

/// The outcome of trying the keys that may have signed a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trial {
    Matched,
    /// There were too many trials in this second to try all keys.
    Limited,
    NoMatch,
}

impl KeyTrials {
    /// Checks the decoded signature of a token with the keys of a set that its header allows.
    pub(super) fn verify(
        &self,
        jws: &Jws<'_>,
        signature: &[u8],
        keys: &KeySet,
        now: NumericDate,
    ) -> Signature {
        let (algorithm, kid) = (jws.header.algorithm, jws.header.kid.as_deref());
        let message = jws.signing_input;
        let is_signer = |key: &Key| key.verify(algorithm, message, signature);
        match self.run(now, || keys.candidates(kid, algorithm), is_signer) {
            Trial::Matched => return Signature::Valid,
            Trial::Limited => return Signature::Limited,
            Trial::NoMatch => {}
        }
        let mismatch = keys.mismatch(kid, algorithm);
        match (kid.is_some_and(|kid| keys.has_kid(kid)), mismatch) {
            (true, None) => Signature::Invalid,
            (true, Some(_)) => Signature::Algorithm,
            // Only keys without a `kid` were tried, or none.
            (false, fault) => Signature::UnknownKey(fault.unwrap_or(TokenFault::Signature)),
        }
    }

    /// Tries the keys that `candidates` returns with `is_signer`, until one matches.
    fn run<K>(
        &self,
        now: NumericDate,
        candidates: impl Fn() -> K,
        mut is_signer: impl FnMut(K::Item) -> bool,
    ) -> Trial
    where
        K: Iterator,
    {
        if candidates().take(UNLIMITED).any(&mut is_signer) {
            return Trial::Matched;
        }
        let further = || candidates().skip(UNLIMITED);
        let last_match = self.last_match.load(Ordering::Relaxed);
        if further().nth(last_match).is_some_and(&mut is_signer) {
            return Trial::Matched;
        }
        for (position, key) in further().enumerate() {
            if position == last_match {
                continue;
            }
            if !self.acquire(now) {
                return Trial::Limited;
            }
            if is_signer(key) {
                self.last_match.store(position, Ordering::Relaxed);
                return Trial::Matched;
            }
        }
        Trial::NoMatch
    }

    /// Takes one of the trials of this second.
    fn acquire(&self, now: NumericDate) -> bool {
        let second = now.as_secs().wrapping_shl(COUNT_BITS);
        let taken = |used: u64| {
            let same_second = used.checked_sub(second).filter(|&count| count <= PER_SECOND);
            let count = same_second.unwrap_or(0);
            (count < PER_SECOND).then(|| second.saturating_add(count).saturating_add(1))
        };
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: NumericDate = NumericDate::from_secs(1_800_000_000);

    /// Tries the keys `0..keys`, of which `right` matches. Returns the outcome and the keys that were tried.
    fn run(trials: &KeyTrials, now: NumericDate, keys: u32, right: u32) -> (Trial, Vec<u32>) {
        let mut tried = Vec::new();
        let is_signer = |key| {
            tried.push(key);
            key == right
        };
        let outcome = trials.run(now, || 0..keys, is_signer);
        (outcome, tried)
    }

    #[test]
    fn keys_are_tried_in_order_until_one_matches() {
        let trials = KeyTrials::default();
        assert_eq!(run(&trials, NOW, 0, 0), (Trial::NoMatch, vec![]));
        assert_eq!(run(&trials, NOW, 1, 0), (Trial::Matched, vec![0]));
        assert_eq!(run(&trials, NOW, 4, 3), (Trial::Matched, vec![0, 1, 2, 3]));
        assert_eq!(run(&trials, NOW, 4, 9), (Trial::NoMatch, vec![0, 1, 2, 3]));
        assert_eq!(run(&trials, NOW, 6, 9), (Trial::NoMatch, (0..6).collect()));
    }

    #[test]
    fn beyond_the_first_four_the_last_match_comes_first() {
        let trials = KeyTrials::default();
        assert_eq!(run(&trials, NOW, 16, 11), (Trial::Matched, (0..12).collect()));
        assert_eq!(run(&trials, NOW, 16, 11), (Trial::Matched, vec![0, 1, 2, 3, 11]));
        let (outcome, tried) = run(&trials, NOW, 16, 15);
        assert_eq!((outcome, &tried[..6]), (Trial::Matched, &[0, 1, 2, 3, 11, 4][..]));
        assert_eq!(tried.len(), 16, "each key is tried once: {tried:?}");
        assert_eq!(run(&trials, NOW, 8, 9).1.len(), 8, "a smaller set");
    }

    #[test]
    fn a_flood_tries_a_thousand_additional_keys_per_second() {
        let trials = KeyTrials::default();
        run(&trials, NOW, 16, 11);
        for second in [0, 1, 2, 100, 50] {
            let now = NumericDate::from_secs(1_800_000_001 + second);
            let (mut further, mut limited) = (0, 0);
            for _ in 0..1000 {
                let (outcome, tried) = run(&trials, now, 16, 99);
                assert!(tried.starts_with(&[0, 1, 2, 3, 11]), "{tried:?}");
                further += tried.len() - 5;
                limited += u32::from(outcome == Trial::Limited);
            }
            assert_eq!(further, 1000);
            // 90 tokens have tried all of their eleven additional keys.
            assert_eq!(limited, 910);
            assert_eq!(run(&trials, now, 16, 11).0, Trial::Matched, "the last match is exempt");
            assert_eq!(run(&trials, now, 16, 3).0, Trial::Matched);
        }
    }
}
