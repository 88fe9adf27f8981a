//! Limits how many password checks run at the same time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{ConfigError, Error, error::retry_after};

/// The permits for password checks that run or wait for a thread.
///
/// Recently verified credentials have permits of their own, so a flood of guesses can't use up theirs.
pub(super) struct CheckPermits {
    recently_verified: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

impl CheckPermits {
    /// Provides `max_checks` permits for recently verified credentials, and as many for all others.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if `max_checks` is zero, or more than a semaphore can count.
    pub(super) fn new(max_checks: usize) -> Result<Self, ConfigError> {
        let out_of_range =
            |problem: &str| Err(ConfigError::new("max_checks", max_checks.to_string(), problem));
        match max_checks {
            0 => out_of_range("must be at least 1"),
            1..=Semaphore::MAX_PERMITS => {
                let permits = || Arc::new(Semaphore::new(max_checks));
                Ok(Self { recently_verified: permits(), others: permits() })
            }
            _ => out_of_range(&format!("must be at most {}", Semaphore::MAX_PERMITS)),
        }
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
                .with_retry_after(retry_after::SOON)
        })
    }
}
