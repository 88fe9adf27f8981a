//! A limit on the work that clients can cause without a valid token.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::backoff::Cooldown;
use crate::{
    Clock, Error,
    claims::NumericDate,
    error::retry_after,
    telemetry::{IssuerLog, Occasion},
};

const MINUTE: Duration = Duration::from_secs(60);

/// A limit on the work in flight, and on the work that is started in any 60 seconds. Work beyond the
/// limit is rejected instead of queued.
pub(crate) struct WorkLimit {
    /// The kind of work, for the log.
    what: &'static str,
    max_in_flight: usize,
    max_per_minute: usize,
    clock: Arc<dyn Clock>,
    log: Arc<IssuerLog>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    in_flight: usize,
    /// For each start, the time a minute after it, in the order of starts. There are at most
    /// `max_per_minute`.
    started: VecDeque<Cooldown>,
}

/// A permit for work, which is returned when it is dropped.
#[derive(Debug)]
pub(crate) struct WorkPermit(Arc<WorkLimit>);

impl WorkLimit {
    pub(crate) fn new(
        what: &'static str,
        [max_in_flight, max_per_minute]: [usize; 2],
        clock: Arc<dyn Clock>,
        log: Arc<IssuerLog>,
    ) -> Self {
        Self { what, max_in_flight, max_per_minute, clock, log, state: Mutex::default() }
    }

    /// Starts work.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the limit is exceeded, with the
    /// time after which work may be started again.
    pub(crate) fn acquire(self: &Arc<Self>) -> Result<WorkPermit, Error> {
        let now = self.now();
        let mut state = self.lock();
        self.check_state(&mut state, now)?;
        state.in_flight = state.in_flight.saturating_add(1);
        state.started.push_back(Cooldown::new(now, MINUTE));
        Ok(WorkPermit(Arc::clone(self)))
    }

    /// Returns whether work may be started now.
    ///
    /// # Errors
    ///
    /// The same as for [`acquire`](Self::acquire).
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.check_state(&mut self.lock(), self.now())
    }

    fn check_state(&self, state: &mut State, now: NumericDate) -> Result<(), Error> {
        while state.started.front().is_some_and(|minute| !minute.is_active(now)) {
            state.started.pop_front();
        }
        let retry_after = if state.in_flight >= self.max_in_flight {
            retry_after::SOON
        } else if state.started.len() >= self.max_per_minute {
            state.started.front().and_then(|minute| minute.left(now)).unwrap_or(retry_after::SOON)
        } else {
            return Ok(());
        };
        let Self { what, max_in_flight, max_per_minute, .. } = self;
        let problem = format!(
            "tenants without a verified token cause too many {what}: at most {max_in_flight} at a time and \
             {max_per_minute} per minute are allowed"
        );
        let error = self.log.unavailable(Occasion::TenantsLimited, problem);
        Err(error.with_retry_after(retry_after))
    }

    fn now(&self) -> NumericDate {
        NumericDate::from_system_time(self.clock.now())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WorkPermit {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
    }
}

impl fmt::Debug for WorkLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkLimit")
            .field("what", &self.what)
            .field("max_in_flight", &self.max_in_flight)
            .field("max_per_minute", &self.max_per_minute)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicU64, sync::atomic::Ordering, time::SystemTime};

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Seconds(Arc<AtomicU64>);

    impl Clock for Seconds {
        fn now(&self) -> SystemTime {
            let elapsed = Duration::from_secs(self.0.load(Ordering::Relaxed));
            SystemTime::UNIX_EPOCH.checked_add(elapsed).expect("a time")
        }
    }

    fn limit(max_in_flight: usize, max_per_minute: usize) -> (Arc<WorkLimit>, Seconds) {
        let seconds = Seconds::default();
        seconds.0.store(1000, Ordering::Relaxed);
        let clock: Arc<dyn Clock> = Arc::new(seconds.clone());
        let log = Arc::new(IssuerLog::new("pattern".into(), Arc::clone(&clock)));
        let limit = WorkLimit::new("calls", [max_in_flight, max_per_minute], clock, log);
        (Arc::new(limit), seconds)
    }

    fn retry_after(limit: &Arc<WorkLimit>) -> Option<u64> {
        let checked = limit.check().err();
        let error = limit.acquire().err();
        let seconds = |error: Error| error.retry_after().map(|after| after.as_secs());
        assert_eq!(checked.and_then(seconds), error.clone().and_then(seconds));
        error.and_then(seconds)
    }

    #[test]
    fn work_in_flight_is_limited() {
        let (limit, _) = limit(2, 100);
        let (one, two) = (limit.acquire().unwrap(), limit.acquire().unwrap());
        assert_eq!(retry_after(&limit), Some(1));
        drop(one);
        let three = limit.acquire().unwrap();
        assert_eq!(retry_after(&limit), Some(1));
        drop((two, three));
        assert_eq!(limit.lock().in_flight, 0);
    }

    #[test]
    fn no_sixty_seconds_have_more_starts_than_allowed() {
        let (limit, seconds) = limit(10, 3);
        let mut started = Vec::new();
        for second in 1000..2000 {
            seconds.0.store(second, Ordering::Relaxed);
            while limit.acquire().is_ok() {
                started.push(second);
            }
            let within = started.iter().filter(|at| *at + 60 > second).count();
            assert_eq!(within, 3, "at {second} s");
        }
        assert_eq!(retry_after(&limit), Some(60 - 1999 % 60 + 1000 % 60 - 60));
        assert_eq!(limit.lock().started.len(), 3);
    }

    #[test]
    fn setting_the_clock_back_does_not_extend_the_limit() {
        let (limit, seconds) = limit(10, 1);
        drop(limit.acquire().unwrap());
        assert_eq!(retry_after(&limit), Some(60));
        seconds.0.store(10, Ordering::Relaxed);
        assert!(limit.acquire().is_ok());
    }
}
