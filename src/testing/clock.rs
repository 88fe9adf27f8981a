//! A clock that tests turn.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use crate::Clock;

/// A clock that a test turns. Clones show the same time.
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
    /// Since when the clock has run from there. One that stands still hasn't.
    running_since: Option<Instant>,
}

impl TestClock {
    /// Stands still at the second in which it is made.
    #[must_use]
    pub fn new() -> Self {
        let since_epoch = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self::at(SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch.as_secs()))
    }

    /// Stands still at `time`.
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(Hands { time, running_since: None })))
    }

    /// Runs with the system's clock, and can be turned as well: for a test beside a service that
    /// goes by the system's.
    #[must_use]
    pub fn running() -> Self {
        let hands = Hands { time: SystemTime::now(), running_since: Some(Instant::now()) };
        Self(Arc::new(Mutex::new(hands)))
    }

    /// Turns it forward.
    pub fn advance(&self, by: Duration) {
        self.set(self.now() + by);
    }

    /// Turns it to `time`, which may lie behind.
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
