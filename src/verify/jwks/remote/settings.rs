//! The times that determine when a remote key set is fetched and used.

use std::time::Duration;

use crate::verify::backoff::Backoff;

/// How long fetched keys are used, and how often they are fetched.
#[derive(Debug, Clone)]
pub(crate) struct RemoteSettings {
    /// How long a set is fresh if its response doesn't specify it.
    pub(crate) default_freshness: Duration,
    /// The bounds of the freshness that a response may specify.
    pub(crate) min_freshness: Duration,
    pub(crate) max_freshness: Duration,
    /// How long a stale set is used while its issuer is unreachable.
    pub(crate) outage_tolerance: Duration,
    /// The minimum time between two refetches for tokens that no key verifies.
    pub(crate) cooldown: Duration,
    /// The delays after failed fetches.
    pub(crate) backoff: Backoff,
    /// How long a request whose key is cached waits while a stale set is fetched again.
    pub(crate) stale_wait: Duration,
}

impl Default for RemoteSettings {
    fn default() -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        const MINUTE: Duration = Duration::from_secs(60);
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            default_freshness: MINUTE.saturating_mul(10),
            min_freshness: MINUTE,
            max_freshness: DAY,
            outage_tolerance: DAY,
            cooldown: SECOND.saturating_mul(10),
            backoff: Backoff { first: SECOND, longest: MINUTE },
            stale_wait: SECOND,
        }
    }
}

impl RemoteSettings {
    /// Returns how long a set is fresh if its response specifies `requested`.
    pub(super) fn freshness(&self, requested: Option<Duration>) -> Duration {
        requested.unwrap_or(self.default_freshness).clamp(self.min_freshness, self.max_freshness)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freshness_is_clamped_to_its_bounds() {
        let settings = RemoteSettings::default();
        for (requested, seconds) in
            [(None, 600), (Some(0), 60), (Some(300), 300), (Some(1_000_000), 86_400)]
        {
            assert_eq!(settings.freshness(requested.map(Duration::from_secs)).as_secs(), seconds);
        }
    }
}
