//! The clock of a simulation.

use std::time::{Duration, SystemTime};

use portcullis::Clock;
use tokio::time::Instant;

/// A clock that shows the time of tokio's paused clock, which jumps to the next timer whenever all tasks wait.
#[derive(Debug, Clone, Copy)]
pub struct SimulatedClock {
    start: Instant,
}

impl SimulatedClock {
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }

    /// Returns the seconds since the start of the simulation.
    pub fn seconds(self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Returns the time at which each simulation starts.
    pub fn epoch() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> SystemTime {
        Self::epoch() + self.start.elapsed()
    }
}
