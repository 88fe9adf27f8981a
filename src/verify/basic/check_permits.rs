//! Limits how many password checks run at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::accounts::Client;
use crate::{ConfigError, Error, error::retry_after};

/// The permits for password checks that run or wait for a thread.
///
/// Recently verified credentials have separate permits, so that a flood of guesses can't use them up. A
/// client gets at most a quarter of the permits for all other credentials.
pub(super) struct CheckPermits {
    recently_verified: Arc<Semaphore>,
    others: Arc<Semaphore>,
    max_per_client: usize,
    by_client: Arc<Counts>,
}

/// The number of permits that each client holds.
#[derive(Default)]
struct Counts(Mutex<HashMap<Client, usize>>);

/// A permit for one password check, which is returned when it is dropped.
pub(super) struct CheckPermit {
    _permit: OwnedSemaphorePermit,
    is_recently_verified: bool,
    _share: Option<Share>,
}

/// One permit of a client.
struct Share {
    counts: Arc<Counts>,
    client: Client,
}

impl CheckPermits {
    /// Provides `max_checks` permits for recently verified credentials, and as many for all others.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if `max_checks` is zero, or more than a semaphore can count.
    pub(super) fn new(max_checks: usize) -> Result<Self, ConfigError> {
        let out_of_range =
            |problem: &str| Err(ConfigError::new("max_checks", max_checks.to_string(), problem));
        match max_checks {
            0 => out_of_range("must be at least 1"),
            1..=Semaphore::MAX_PERMITS => {
                let permits = || Arc::new(Semaphore::new(max_checks));
                Ok(Self {
                    recently_verified: permits(),
                    others: permits(),
                    max_per_client: max_checks.div_ceil(4),
                    by_client: Arc::default(),
                })
            }
            _ => out_of_range(&format!("must be at most {}", Semaphore::MAX_PERMITS)),
        }
    }

    /// Takes a permit for recently verified credentials without waiting for one.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) with `Retry-After: 1` if all permits
    /// are taken.
    pub(super) fn try_acquire_for_verified(&self) -> Result<CheckPermit, Error> {
        let permit = try_acquire(&self.recently_verified)?;
        Ok(CheckPermit { _permit: permit, is_recently_verified: true, _share: None })
    }

    /// Takes a permit for other credentials without waiting for one.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) with `Retry-After: 1` if all permits
    /// are taken, or too many by this client.
    pub(super) fn try_acquire(&self, client: Option<Client>) -> Result<CheckPermit, Error> {
        let share = client.map(|client| {
            let mut counts = self.by_client.lock();
            let count = counts.entry(client).or_default();
            if *count >= self.max_per_client {
                return Err(busy());
            }
            *count = count.saturating_add(1);
            Ok(Share { counts: Arc::clone(&self.by_client), client })
        });
        let share = share.transpose()?;
        let permit = try_acquire(&self.others)?;
        Ok(CheckPermit { _permit: permit, is_recently_verified: false, _share: share })
    }
}

fn try_acquire(permits: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Error> {
    Arc::clone(permits).try_acquire_owned().map_err(|_| busy())
}

fn busy() -> Error {
    Error::unavailable("too many concurrent password checks").with_retry_after(retry_after::SOON)
}

impl CheckPermit {
    #[cfg(feature = "password-hash")]
    pub(super) const fn is_recently_verified(&self) -> bool {
        self.is_recently_verified
    }
}

impl Counts {
    fn lock(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the count of a client without permits, so that there are never more counts than permits.
impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        if let Some(count) = counts.get_mut(&self.client) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_a_quarter_of_the_permits_and_returns_them() {
        let permits = CheckPermits::new(8).unwrap();
        let (one, other) = (Some(Client(1)), Some(Client(2)));
        let held = [permits.try_acquire(one).unwrap(), permits.try_acquire(one).unwrap()];
        assert!(permits.try_acquire(one).is_err());
        let others = [permits.try_acquire(other).unwrap(), permits.try_acquire(other).unwrap()];
        assert!(permits.try_acquire(None).is_ok());
        assert!(permits.try_acquire_for_verified().is_ok());
        drop(held);
        assert!(permits.try_acquire(one).is_ok());
        drop(others);
        assert!(permits.by_client.lock().is_empty());
    }

    #[test]
    fn a_client_without_a_permit_leaves_no_count() {
        let permits = CheckPermits::new(1).unwrap();
        let held = permits.try_acquire(None).unwrap();
        assert!(permits.try_acquire(Some(Client(1))).is_err());
        assert!(permits.by_client.lock().is_empty());
        drop(held);
        assert!(permits.try_acquire(Some(Client(1))).is_ok());
    }
}
