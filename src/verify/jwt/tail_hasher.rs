//! The hash by which tokens are cached.

use std::hash::{BuildHasher, RandomState};

/// The number of bytes at the end of a token that are hashed, which is enough to distinguish
/// signatures.
const TAIL: usize = 16;

/// An odd number whose bits are spread evenly.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hasher for the end of a token, with a different seed for each cache.
///
/// A keyed hash such as `SipHash` takes four times as long without a benefit: cached tokens were signed by an
/// issuer, so an attacker can't create many tokens with the same hash.
#[derive(Debug)]
pub(super) struct TailHasher(u64, u64);

impl TailHasher {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        Self(random.hash_one(0), random.hash_one(1))
    }

    /// Returns the hash of `token`. Tokens with the same end have the same hash.
    pub(super) fn hash(&self, token: &[u8]) -> u64 {
        let mut tail = [0; TAIL];
        match token.last_chunk() {
            Some(end) => tail = *end,
            None => tail.iter_mut().zip(token).for_each(|(hashed, byte)| *hashed = *byte),
        }
        let half = u128::from_le_bytes(tail);
        let (low, high) = (half & u128::from(u64::MAX), half >> 64);
        let mix = |half: u128, seed: u64| {
            let mixed = (u64::try_from(half).unwrap_or_default() ^ seed).wrapping_mul(MULTIPLIER);
            mixed ^ (mixed >> 32)
        };
        mix(high, mix(low, self.0) ^ self.1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_with_different_last_characters_have_different_hashes() {
        let hasher = TailHasher::new();
        let mut seen = HashSet::new();
        for n in 0..100_000_u32 {
            assert!(seen.insert(hasher.hash(format!("header.payload.{n:016x}").as_bytes())), "{n}");
            assert!(seen.insert(hasher.hash(format!("{n:08x}AAAAAAAA").as_bytes())), "{n}");
        }
        // The cache uses few bits of a hash, so these must be distributed evenly as well.
        for bits in [0, 16, 32, 48] {
            let few: HashSet<_> = seen.iter().map(|hash| (hash >> bits) & 0xfff).collect();
            assert_eq!(few.len(), 0x1000, "from bit {bits}");
        }
    }

    #[test]
    fn only_the_end_is_hashed_and_short_tokens_are_padded() {
        let hasher = TailHasher::new();
        assert_eq!(hasher.hash(b"a.b.0123456789abcdef"), hasher.hash(b"c.d.0123456789abcdef"));
        let short: HashSet<_> =
            ["", "a", "b", "ab", "ba"].map(|token| hasher.hash(token.as_bytes())).into();
        assert_eq!(short.len(), 5);
    }

    #[test]
    fn each_cache_has_a_different_seed() {
        assert_ne!(TailHasher::new().hash(b"token"), TailHasher::new().hash(b"token"));
    }
}
