//! Limits how many password checks run at the same time.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Error;

/// The permits for password checks that run or wait for a thread.
///
/// Recently verified credentials have permits of their own, so a flood of guesses can't use up theirs.
#[derive(Clone)]
pub(super) struct CheckPermits {
    recently_verified: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

impl CheckPermits {
    /// Provides `max_checks` permits for recently verified credentials, and as many for all others.
    pub(super) fn new(max_checks: usize) -> Self {
        let permits = || Arc::new(Semaphore::new(max_checks.min(Semaphore::MAX_PERMITS)));
        Self { recently_verified: permits(), others: permits() }
    }

    /// Takes a permit without waiting for one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) with `Retry-After: 1` if all permits
    /// are taken.
    pub(super) fn try_acquire(
        &self,
        is_recently_verified: bool,
    ) -> Result<OwnedSemaphorePermit, Error> {
        let permits = if is_recently_verified { &self.recently_verified } else { &self.others };
        Arc::clone(permits).try_acquire_owned().map_err(|_| {
            Error::unavailable("too many concurrent password checks")
                .with_retry_after(Duration::from_secs(1))
        })
    }
}
