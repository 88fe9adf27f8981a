//! Checks passwords against hashes, on tokio's blocking threads.
//!
//! [`PasswordChecks`] is the only place where password hashes are computed for a request. It limits how many
//! are computed at once, and makes an unknown user cost as much as an incorrect password.

#[cfg(test)]
use std::sync::Mutex;
use std::{sync::Arc, thread};

use tokio::{runtime::Handle, sync::Semaphore};

use super::{PasswordHash, accounts::Account, check_permits::CheckPermit, decoys::Decoys};
use crate::{BasicCredentials, ConfigError, Error};

/// The computation of password hashes, at most one per thread at a time.
///
/// More would need memory (19 MiB each at the recommended cost of Argon2) without being faster. By
/// default, there is one thread fewer than processors, which leaves a processor for other requests.
pub(super) struct PasswordChecks {
    threads: Arc<Semaphore>,
    /// Limits the number of checks that wait for a thread to the number of threads. Recently verified
    /// credentials don't need this permit, so only a few checks are ahead of them.
    others: Arc<Semaphore>,
    decoys: Decoys,
    /// For each hash, in the order in which they were started, whether its credentials were
    /// recently verified.
    #[cfg(test)]
    started: Mutex<Vec<bool>>,
}

impl PasswordChecks {
    pub(super) fn new() -> Self {
        let threads = default_threads();
        Self {
            threads: Arc::new(Semaphore::new(threads)),
            others: Arc::new(Semaphore::new(threads)),
            decoys: Decoys::new(),
            #[cfg(test)]
            started: Mutex::default(),
        }
    }

    /// Sets the number of threads.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if it is zero, or more than a semaphore can count.
    pub(super) fn set_threads(&mut self, threads: usize) -> Result<(), ConfigError> {
        if !(1..=Semaphore::MAX_PERMITS).contains(&threads) {
            let problem = format!("must be between 1 and {}", Semaphore::MAX_PERMITS);
            return Err(ConfigError::new("max_parallel_hashes", threads.to_string(), problem));
        }
        self.threads = Arc::new(Semaphore::new(threads));
        self.others = Arc::new(Semaphore::new(threads));
        Ok(())
    }

    /// Returns whether the password is correct. Without a hash, it does the same work and returns
    /// `false`.
    pub(super) async fn verify(
        &self,
        credentials: BasicCredentials,
        account: Account,
        hash: Option<PasswordHash>,
        permit: CheckPermit,
    ) -> Result<bool, Error> {
        let runtime = Handle::try_current().map_err(Error::misconfigured)?;
        let acquire = |permits: &Arc<Semaphore>| {
            let permit = Arc::clone(permits).acquire_owned();
            async move { permit.await.map_err(Error::unavailable) }
        };
        let turn =
            if permit.is_recently_verified() { None } else { Some(acquire(&self.others).await?) };
        let thread = acquire(&self.threads).await?;
        let has_user = hash.is_some();
        let hash = match hash {
            Some(hash) => {
                self.decoys.record(account, &hash);
                hash
            }
            None => {
                self.decoys.get(account).ok_or_else(|| Error::misconfigured("no decoy hash"))?
            }
        };
        #[cfg(test)]
        self.started.lock().unwrap().push(permit.is_recently_verified());
        let check = runtime.spawn_blocking(move || {
            // Held until the hash is computed, because that continues even if the request is
            // dropped.
            let _held = (permit, turn, thread);
            hash.matches(credentials.password())
        });
        Ok(check.await.map_err(Error::unavailable)? && has_user)
    }

    #[cfg(test)]
    pub(super) fn hashes_computed(&self) -> usize {
        self.started.lock().unwrap().len()
    }
}

fn default_threads() -> usize {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    processors.saturating_sub(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::basic::check_permits::CheckPermits;

    const HASH: &str =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    #[test]
    fn one_processor_is_left_for_other_requests() {
        let processors = thread::available_parallelism().unwrap().get();
        let threads = PasswordChecks::new().threads.available_permits();
        assert_eq!(threads, if processors == 1 { 1 } else { processors - 1 });
    }

    #[tokio::test]
    async fn recently_verified_credentials_overtake_waiting_checks() {
        let mut checks = PasswordChecks::new();
        checks.set_threads(1).unwrap();
        let (checks, permits) = (Arc::new(checks), CheckPermits::new(10).unwrap());
        let check = |permit| {
            let checks = Arc::clone(&checks);
            tokio::spawn(async move {
                let credentials = BasicCredentials::new("alice", "password");
                let hash = Some(HASH.parse().unwrap());
                checks.verify(credentials, Account(0), hash, permit).await.unwrap()
            })
        };
        let busy = Arc::clone(&checks.threads).acquire_owned().await.unwrap();
        let mut tasks = Vec::new();
        for _ in 0..3 {
            tasks.push(check(permits.try_acquire(None).unwrap()));
            tokio::task::yield_now().await;
        }
        tasks.push(check(permits.try_acquire_for_verified().unwrap()));
        tokio::task::yield_now().await;
        assert_eq!(checks.hashes_computed(), 0);
        drop(busy);
        for task in tasks {
            assert!(task.await.unwrap());
        }
        assert_eq!(*checks.started.lock().unwrap(), [false, true, false, false]);
    }
}
