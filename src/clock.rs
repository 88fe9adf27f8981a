//! The source of the current time.

use std::{fmt, time::SystemTime};

/// A source of the current time.
///
/// Everything that expires reads a clock, so that tests can control the time. For tests, there is
#[cfg_attr(feature = "testing", doc = "[`TestClock`](crate::testing::TestClock).")]
#[cfg_attr(not(feature = "testing"), doc = "`TestClock`, with the `testing` feature.")]
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> SystemTime;
}

/// The system clock. This is the default everywhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }
}
