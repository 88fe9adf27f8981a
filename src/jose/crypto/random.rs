//! Randomness fit for secrets.

use super::backend;

/// Fills `bytes`. `None` if the operating system has no randomness to give.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Option<()> {
    backend::fill_random(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty-two bytes that are zero, or twice the same, by chance: not before the sun is cold.
    fn assert_random(fill: impl Fn(&mut [u8]) -> Option<()>) {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        fill(&mut first).unwrap();
        fill(&mut second).unwrap();
        assert_ne!(first, [0; 32]);
        assert_ne!(first, second);
    }

    #[test]
    fn no_two_fillings_are_the_same() {
        assert_random(fill_random);
        #[cfg(feature = "aws-lc-rs")]
        assert_random(crate::jose::crypto::aws_lc::fill_random);
        #[cfg(feature = "rust-crypto")]
        assert_random(crate::jose::crypto::rust_crypto::fill_random);
    }
}
