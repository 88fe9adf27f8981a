//! The machine that is measured on.

use std::{fs, thread};

/// The processor's model, as Linux tells it.
pub fn processor() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map(|line| line.trim_start_matches(['\t', ':', ' ']).to_owned());
    model.unwrap_or_else(|| "unknown processor".to_owned())
}

/// How many threads run at once.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(0, usize::from)
}

/// How much memory this process takes, as Linux tells it.
pub fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}
