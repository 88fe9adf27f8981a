//! Times in claims (RFC 7519 §2).

use std::time::{Duration, SystemTime};

/// Seconds since the epoch, maybe with a fraction (RFC 7519 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NumericDate(Duration);

impl NumericDate {
    #[cfg(feature = "_jwt")]
    pub(crate) const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// `None` for what is no date: negative, not finite, beyond what a clock can show.
    #[cfg(feature = "_jwt")]
    pub(crate) fn from_secs_f64(seconds: f64) -> Option<Self> {
        Duration::try_from_secs_f64(seconds).ok().map(Self)
    }

    /// A time before the epoch is the epoch.
    pub(crate) fn from_system_time(time: SystemTime) -> Self {
        Self(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }

    #[cfg(feature = "_jwt")]
    pub(crate) fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    /// The time from `earlier` to this. `None` if it is the later one.
    #[cfg(feature = "_jwt")]
    pub(crate) fn since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0)
    }

    #[cfg(feature = "_jwt")]
    pub(crate) const fn as_secs(self) -> u64 {
        self.0.as_secs()
    }

    /// `None` where the system's clock can't reach.
    pub(crate) fn to_system_time(self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(self.0)
    }
}
