//! A user store in memory.

use std::{
    collections::HashMap,
    fmt,
    sync::{PoisonError, RwLock},
};

use super::{UserRecord, UserStore};
use crate::Error;

/// A [`UserStore`] in memory, for tests and for a few users from the configuration.
///
/// Wrap it in an [`Arc`](std::sync::Arc) to change the users while the service runs.
///
/// ```
/// use std::sync::Arc;
///
/// use portcullis::{
///     BasicCredentials, BasicVerifier, Identity, Verify,
///     basic::{MemoryUserStore, PasswordHash, UserRecord},
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let alice = Identity::assertion().subject("alice").build();
/// let users = Arc::new(MemoryUserStore::new());
/// users.insert("alice", UserRecord::new(PasswordHash::new("open sesame")?, alice));
/// let verifier = BasicVerifier::users(Arc::clone(&users)).build()?;
///
/// let credentials = || BasicCredentials::new("alice", "open sesame");
/// assert!(verifier.verify(credentials()).wait().await.is_ok());
///
/// users.remove("alice");
/// assert!(verifier.verify(credentials()).wait().await.is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct MemoryUserStore(RwLock<HashMap<String, UserRecord>>);

impl MemoryUserStore {
    /// Creates a store without users.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user. Replaces a user with the same user-id.
    pub fn insert(&self, user_id: impl Into<String>, user: UserRecord) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(user_id.into(), user);
    }

    /// Removes a user, and returns whether there was one.
    pub fn remove(&self, user_id: &str) -> bool {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(user_id).is_some()
    }
}

impl UserStore for MemoryUserStore {
    async fn look_up(&self, user_id: &str) -> Result<Option<UserRecord>, Error> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(user_id).cloned())
    }
}

impl fmt::Debug for MemoryUserStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryUserStore").finish_non_exhaustive()
    }
}
