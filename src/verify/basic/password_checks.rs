//! Checking passwords against their hashes, away from the threads that serve requests.

#[cfg(test)]
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{sync::Arc, thread};

use arc_swap::ArcSwapOption;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use super::PasswordHash;
use crate::{BasicCredentials, Error};

/// Runs as many checks at once as there are processors: more would take memory (19 MiB each, with
/// what is recommended) and make none of them faster.
pub(super) struct PasswordChecks {
    running: Arc<Semaphore>,
    /// What an unknown user's password is checked against: the hash of the user seen last, so that
    /// it costs the same. Its verdict doesn't count.
    decoy: ArcSwapOption<PasswordHash>,
    #[cfg(test)]
    made: AtomicUsize,
}

impl PasswordChecks {
    pub(super) fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self {
            running: Arc::new(Semaphore::new(processors)),
            decoy: ArcSwapOption::from(PasswordHash::decoy().map(Arc::new)),
            #[cfg(test)]
            made: AtomicUsize::new(0),
        }
    }

    /// Whether the password is right. Without a hash the same work is done and it is wrong.
    pub(super) async fn check(
        &self,
        credentials: BasicCredentials,
        hash: Option<PasswordHash>,
        admitted: OwnedSemaphorePermit,
    ) -> Result<bool, Error> {
        let runtime = Handle::try_current().map_err(Error::misconfigured)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(Error::unavailable)?;
        let is_known = hash.is_some();
        let hash = match hash {
            Some(hash) => {
                let hash = Arc::new(hash);
                self.decoy.store(Some(Arc::clone(&hash)));
                hash
            }
            None => self.decoy.load_full().ok_or_else(|| Error::misconfigured("no decoy hash"))?,
        };
        #[cfg(test)]
        self.made.fetch_add(1, Ordering::Relaxed);
        let check = runtime.spawn_blocking(move || {
            // Held until the hash is done, which goes on when the request has gone away.
            let _held = (admitted, turn);
            hash.matches(credentials.password())
        });
        Ok(check.await.map_err(Error::unavailable)? && is_known)
    }

    #[cfg(all(test, feature = "testing"))]
    pub(super) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }
}
