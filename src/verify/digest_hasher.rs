//! A hasher for keys that are already digests.

use std::hash::Hasher;

/// A hasher that uses the first word of a digest as its hash. Attackers can't choose digests, so
/// hashing them again would have no benefit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = self.0.rotate_left(5) ^ word;
    }

    /// Ignores the length, which is the same for all digests.
    fn write_usize(&mut self, _length: usize) {}
}
