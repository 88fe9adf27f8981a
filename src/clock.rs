//! Clocks, from which verifiers and layers read the current time.
//!
//! They read a [`Clock`], which is the [`SystemClock`] unless a builder's `clock` sets another one.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use portcullis::Clock;
//!
//! /// A clock that is ahead of the system's.
//! #[derive(Debug)]
//! struct Ahead(Duration);
//!
//! impl Clock for Ahead {
//!     fn now(&self) -> SystemTime {
//!         SystemTime::now() + self.0
//!     }
//! }
//!
//! assert!(Ahead(Duration::from_secs(60)).now() > SystemTime::now());
//! ```

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
