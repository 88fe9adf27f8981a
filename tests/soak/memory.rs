//! The memory of this process.

use std::fs;

/// Samples of the resident set size, in bytes.
#[derive(Default)]
pub struct Memory(Vec<u64>);

impl Memory {
    /// Adds a sample, where the system has `/proc`.
    pub fn sample(&mut self) {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        self.0.extend(kibibytes.map(|kibibytes| kibibytes * 1024));
    }

    /// The largest sample of the second quarter of the run, and that of the last one.
    pub fn early_and_late(&self) -> Option<(u64, u64)> {
        let quarter = self.0.len() / 4;
        let largest = |samples: &[u64]| samples.iter().copied().max();
        Some((largest(&self.0[quarter..2 * quarter])?, largest(&self.0[3 * quarter..])?))
    }
}
