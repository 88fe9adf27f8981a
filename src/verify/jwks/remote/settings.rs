//! The times of a remote key set's life.

use std::time::Duration;

/// How long fetched keys are used, and how often they are fetched.
#[derive(Debug, Clone)]
pub(crate) struct RemoteSettings {
    /// How long a set is fresh whose response doesn't say.
    pub(crate) default_freshness: Duration,
    /// What a response's own word is kept within.
    pub(crate) min_freshness: Duration,
    pub(crate) max_freshness: Duration,
    /// How long a set that is no longer fresh serves while its issuer is out of reach.
    pub(crate) outage_tolerance: Duration,
    /// The least time from one refetch for an unknown key to the next.
    pub(crate) cool_down: Duration,
    /// The pause after one failed fetch, doubled with each further one, up to the longest.
    pub(crate) first_pause: Duration,
    pub(crate) longest_pause: Duration,
    /// How long a request whose key is known waits for a set that is no longer fresh.
    pub(crate) patience: Duration,
}

impl Default for RemoteSettings {
    fn default() -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            default_freshness: MINUTE.saturating_mul(10),
            min_freshness: MINUTE,
            max_freshness: DAY,
            outage_tolerance: DAY,
            cool_down: Duration::from_secs(10),
            first_pause: Duration::from_secs(1),
            longest_pause: MINUTE,
            patience: Duration::from_secs(1),
        }
    }
}

impl RemoteSettings {
    /// How long a set is fresh, by its response's word, kept within bounds.
    pub(super) fn freshness(&self, said: Option<Duration>) -> Duration {
        said.unwrap_or(self.default_freshness).clamp(self.min_freshness, self.max_freshness)
    }

    /// The pause after that many failures in a row. `jitter` from 0 to 1 spreads those who failed
    /// together over the second half of it.
    pub(super) fn pause(&self, failures: u32, jitter: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(16);
        let pause =
            self.first_pause.saturating_mul(1_u32.wrapping_shl(doublings)).min(self.longest_pause);
        pause.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freshness_is_kept_within_its_bounds() {
        let settings = RemoteSettings::default();
        for (said, seconds) in
            [(None, 600), (Some(0), 60), (Some(300), 300), (Some(1_000_000), 86_400)]
        {
            assert_eq!(settings.freshness(said.map(Duration::from_secs)).as_secs(), seconds);
        }
    }

    #[test]
    fn pauses_double_from_one_second_to_a_minute() {
        let settings = RemoteSettings::default();
        for (failures, seconds) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (u32::MAX, 60)] {
            let longest = Duration::from_secs(seconds);
            assert_eq!(settings.pause(failures, 1.0), longest);
            assert_eq!(settings.pause(failures, 0.0), longest / 2);
        }
    }
}
