//! Checks passwords against Argon2 hashes, on threads that may block.
//!
//! [`PasswordChecks`] is the only place where Argon2 runs for a request. It limits how many checks run at
//! once, and it makes an unknown user cost as much as an incorrect password.

#[cfg(test)]
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{sync::Arc, thread};

use arc_swap::ArcSwapOption;
use tokio::{runtime::Handle, sync::Semaphore};

use super::{PasswordHash, check_permits::CheckPermit};
use crate::{BasicCredentials, Error};

/// Runs as many checks at once as there are processors. More would take memory (19 MiB each at the
/// recommended cost) and make none of them faster.
pub(super) struct PasswordChecks {
    threads: Arc<Semaphore>,
    /// The hash that the password of an unknown user is checked against. It is the last user's hash, so
    /// that the check costs as much. Its outcome doesn't count.
    decoy: ArcSwapOption<PasswordHash>,
    #[cfg(test)]
    hashes_computed: AtomicUsize,
}

impl PasswordChecks {
    pub(super) fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self {
            threads: Arc::new(Semaphore::new(processors)),
            decoy: ArcSwapOption::from(PasswordHash::decoy().map(Arc::new)),
            #[cfg(test)]
            hashes_computed: AtomicUsize::new(0),
        }
    }

    /// Returns whether the password is correct. Without a hash it does the same work and returns
    /// `false`.
    pub(super) async fn verify(
        &self,
        credentials: BasicCredentials,
        hash: Option<PasswordHash>,
        permit: CheckPermit,
    ) -> Result<bool, Error> {
        let runtime = Handle::try_current().map_err(Error::misconfigured)?;
        let thread = Arc::clone(&self.threads).acquire_owned().await.map_err(Error::unavailable)?;
        let has_user = hash.is_some();
        let hash = match hash {
            Some(hash) => {
                let hash = Arc::new(hash);
                self.decoy.store(Some(Arc::clone(&hash)));
                hash
            }
            None => self.decoy.load_full().ok_or_else(|| Error::misconfigured("no decoy hash"))?,
        };
        #[cfg(test)]
        self.hashes_computed.fetch_add(1, Ordering::Relaxed);
        let check = runtime.spawn_blocking(move || {
            // Held until Argon2 returns: it keeps running when the request is dropped.
            let _held = (permit, thread);
            hash.matches(credentials.password())
        });
        Ok(check.await.map_err(Error::unavailable)? && has_user)
    }

    #[cfg(all(test, feature = "testing"))]
    pub(super) fn hashes_computed(&self) -> usize {
        self.hashes_computed.load(Ordering::Relaxed)
    }
}
