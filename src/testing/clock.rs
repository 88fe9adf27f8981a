//! A clock that is controlled by tests.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use crate::Clock;

/// A [`Clock`] that is controlled by a test. Clones show the same time.
///
/// ```
/// use std::time::Duration;
///
/// use portcullis::{Clock, testing::TestClock};
///
/// let clock = TestClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), before + Duration::from_secs(60));
/// ```
#[derive(Debug, Clone)]
pub struct TestClock(Arc<Mutex<Hands>>);

#[derive(Debug, Clone, Copy)]
struct Hands {
    time: SystemTime,
    /// The time at which the clock started to run, or `None` if it is stopped.
    running_since: Option<Instant>,
}

impl TestClock {
    /// Creates a stopped clock at the current time, without fractions of a second.
    #[must_use]
    pub fn new() -> Self {
        let since_epoch = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self::at(SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch.as_secs()))
    }

    /// Creates a stopped clock at `time`.
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(Hands { time, running_since: None })))
    }

    /// Creates a clock that runs at the speed of the system's clock, and can be set as well. Use it
    /// in tests with a service that uses the system's clock.
    #[must_use]
    pub fn running() -> Self {
        let hands = Hands { time: SystemTime::now(), running_since: Some(Instant::now()) };
        Self(Arc::new(Mutex::new(hands)))
    }

    /// Advances the clock.
    pub fn advance(&self, by: Duration) {
        self.set(self.now() + by);
    }

    /// Sets the clock to `time`, which may be in the past.
    pub fn set(&self, time: SystemTime) {
        let mut hands = self.hands();
        *hands = Hands { time, running_since: hands.running_since.map(|_| Instant::now()) };
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        let Hands { time, running_since } = *self.hands();
        time + running_since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}
