//! The interface to a store for used proofs (RFC 9449 §11.1).

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::SystemTime};

use crate::{Error, digest::sha256_of_parts};

/// A store for used proofs, so that each proof is accepted only once ([RFC 9449 §11.1]).
///
/// [`MemoryReplayStore`](crate::binding::MemoryReplayStore) is the store for a single process. Replicas have to
/// share a store, because otherwise each of them accepts the same proof once.
///
/// ```
/// use std::{collections::HashSet, sync::Mutex, time::SystemTime};
///
/// use portcullis::binding::{Replay, ReplayKey, ReplayStore};
///
/// /// Never removes anything, so it is only for tests.
/// #[derive(Debug, Default)]
/// struct Unbounded(Mutex<HashSet<ReplayKey>>);
///
/// impl ReplayStore for Unbounded {
///     fn insert(&self, key: ReplayKey, _expires_at: SystemTime) -> Replay {
///         Replay::ready(Ok(self.0.lock().unwrap().insert(key)))
///     }
/// }
/// # let store = Unbounded::default();
/// # let key = ReplayKey::from([7; 32]);
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert!(store.insert(key, SystemTime::now()).wait().await.unwrap());
/// assert!(!store.insert(key, SystemTime::now()).wait().await.unwrap());
/// # });
/// ```
///
/// [RFC 9449 §11.1]: https://www.rfc-editor.org/rfc/rfc9449#section-11.1
pub trait ReplayStore: fmt::Debug + Send + Sync + 'static {
    /// Stores a proof until `expires_at`, and returns whether it is new. This must be atomic: of two concurrent
    /// requests with the same proof, only one gets `true`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::unavailable`] if the store is full or unreachable. The request is then rejected with
    /// 503, because a proof that can't be stored must not be accepted.
    fn insert(&self, key: ReplayKey, expires_at: SystemTime) -> Replay;
}

impl<S: ReplayStore + ?Sized> ReplayStore for Arc<S> {
    fn insert(&self, key: ReplayKey, expires_at: SystemTime) -> Replay {
        (**self).insert(key, expires_at)
    }
}

/// The digest of a proof's key and its `jti`.
///
/// A `jti` is accepted once per key, regardless of the URL and the method of the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplayKey([u8; 32]);

impl ReplayKey {
    pub(super) fn new(thumbprint: &[u8; 32], jti: &str) -> Self {
        Self(sha256_of_parts(&[thumbprint, jti.as_bytes()]))
    }

    /// Returns the bytes of the digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for ReplayKey {
    fn from(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

/// The outcome of [`ReplayStore::insert`], which is available immediately or after some I/O.
#[must_use]
pub struct Replay(pub(super) ReplayState);

pub(super) enum ReplayState {
    Ready(Result<bool, Error>),
    Pending(ReplayFuture),
}

/// The future of [`Replay::pending`], which returns whether a proof is new.
pub type ReplayFuture = Pin<Box<dyn Future<Output = Result<bool, Error>> + Send>>;

impl Replay {
    /// Creates an outcome that is known.
    pub const fn ready(is_new: Result<bool, Error>) -> Self {
        Self(ReplayState::Ready(is_new))
    }

    /// Creates an outcome that needs I/O.
    pub fn pending(is_new: impl Future<Output = Result<bool, Error>> + Send + 'static) -> Self {
        Self(ReplayState::Pending(Box::pin(is_new)))
    }

    /// Waits for the outcome.
    ///
    /// # Errors
    ///
    /// The same as for [`ReplayStore::insert`].
    pub async fn wait(self) -> Result<bool, Error> {
        match self.0 {
            ReplayState::Ready(is_new) => is_new,
            ReplayState::Pending(is_new) => is_new.await,
        }
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ReplayState::Ready(is_new) => f.debug_tuple("Ready").field(is_new).finish(),
            ReplayState::Pending(_) => f.write_str("Pending"),
        }
    }
}
