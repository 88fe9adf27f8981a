//! Random numbers for secrets.

/// Fills `bytes` with random numbers. Returns `None` if the operating system provides none.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Option<()> {
    getrandom::fill(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_differ() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        fill_random(&mut first).unwrap();
        fill_random(&mut second).unwrap();
        assert_ne!(first, [0; 32]);
        assert_ne!(first, second);
    }
}
