//! The dates of claims (RFC 7519 §2).

use std::time::{Duration, SystemTime};

/// A `NumericDate`: seconds since the epoch, which may have a fraction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NumericDate(Duration);

impl NumericDate {
    pub(crate) const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Converts seconds. Returns `None` if they are negative, not finite, or out of the range of `Duration`.
    pub(crate) fn from_secs_f64(seconds: f64) -> Option<Self> {
        Duration::try_from_secs_f64(seconds).ok().map(Self)
    }

    /// Converts a time. A time before the epoch becomes the epoch.
    pub(crate) fn from_system_time(time: SystemTime) -> Self {
        Self(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }

    pub(crate) const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    pub(crate) fn as_millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    /// Returns the time that passed since `earlier`. Returns `None` if `earlier` is later.
    pub(crate) fn since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0)
    }

    pub(crate) const fn as_secs(self) -> u64 {
        self.0.as_secs()
    }

    /// Converts to a time. Returns `None` if it is out of the range of `SystemTime`.
    pub(crate) fn to_system_time(self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(self.0)
    }
}
