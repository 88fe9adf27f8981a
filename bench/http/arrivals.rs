//! The times at which requests are sent.

use std::time::Duration;

/// Random arrivals at a mean rate (a Poisson process), so that streams of requests don't keep step with each other. Each
/// number always has the same arrivals.
pub struct Arrivals {
    rate: u32,
    random: u64,
    at: Duration,
}

impl Arrivals {
    /// Begins at `from`, with `rate` arrivals per second. Streams have different numbers.
    pub fn new(number: usize, rate: u32, from: Duration) -> Self {
        let random = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(2 * number as u64 + 1);
        Self { rate, random, at: from }
    }
}

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        // In (0, 1], with the 53 bits of a double.
        let uniform = ((self.random >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        self.at += Duration::from_secs_f64(-uniform.ln() / f64::from(self.rate));
        Some(self.at)
    }
}
