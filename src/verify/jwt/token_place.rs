//! Where a token stands in the cache.

use std::hash::{BuildHasher, RandomState};

/// How much of a token's end is looked at: enough to tell signatures apart.
const TAIL: usize = 16;

/// Odd, and with its bits spread about.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Finds a place by the end of a token, differently in each cache.
///
/// A keyed hash proper takes four times as long and has nothing to protect here: what enters was signed
/// by an issuer, so nobody can bring about many tokens of one place.
#[derive(Debug)]
pub(super) struct Places(u64, u64);

impl Places {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        Self(random.hash_one(0), random.hash_one(1))
    }

    /// The place of `token`. Two tokens of the same end have the same.
    pub(super) fn of(&self, token: &[u8]) -> u64 {
        let mut tail = [0; TAIL];
        match token.last_chunk() {
            Some(end) => tail = *end,
            None => tail.iter_mut().zip(token).for_each(|(place, byte)| *place = *byte),
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
    fn tokens_that_differ_in_their_last_sixteen_characters_have_places_of_their_own() {
        let places = Places::new();
        let mut met = HashSet::new();
        for n in 0..100_000_u32 {
            assert!(met.insert(places.of(format!("header.payload.{n:016x}").as_bytes())), "{n}");
            assert!(met.insert(places.of(format!("{n:08x}AAAAAAAA").as_bytes())), "{n}");
        }
        // Those who use few bits of a place find them spread, too.
        for bits in [0, 16, 32, 48] {
            let few: HashSet<_> = met.iter().map(|place| (place >> bits) & 0xfff).collect();
            assert_eq!(few.len(), 0x1000, "from bit {bits}");
        }
    }

    #[test]
    fn what_comes_before_makes_no_difference_and_short_tokens_have_a_place() {
        let places = Places::new();
        assert_eq!(places.of(b"a.b.0123456789abcdef"), places.of(b"c.d.0123456789abcdef"));
        let short: HashSet<_> =
            ["", "a", "b", "ab", "ba"].map(|token| places.of(token.as_bytes())).into();
        assert_eq!(short.len(), 5);
    }

    #[test]
    fn each_cache_has_its_own() {
        assert_ne!(Places::new().of(b"token"), Places::new().of(b"token"));
    }
}
