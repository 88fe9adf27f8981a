//! Users in memory.

use std::{
    collections::HashMap,
    fmt,
    sync::{PoisonError, RwLock},
};

use super::{UserRecord, UserStore};
use crate::Error;

/// A few users, known from the configuration.
///
/// ```
/// use portcullis::{BasicVerifier, Identity, basic::{MemoryUserStore, UserRecord}};
///
/// # let hash = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ\
/// #     $o4STxjJgh/C0yaXnp3mCtRNfkfkO4kLTEPfCNkpyhlg";
/// let alice = Identity::assertion().subject("alice").build();
/// let users = MemoryUserStore::new();
/// users.insert("alice", UserRecord::new(hash.parse()?, alice));
/// let verifier = BasicVerifier::users(users);
/// # let _ = verifier;
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// Behind an [`Arc`](std::sync::Arc) it can be changed while it serves.
#[derive(Default)]
pub struct MemoryUserStore(RwLock<HashMap<String, UserRecord>>);

impl MemoryUserStore {
    /// Nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user, in the place of one who went by the same user-id.
    pub fn insert(&self, user_id: impl Into<String>, user: UserRecord) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(user_id.into(), user);
    }

    /// Removes a user. Whether there was one.
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
