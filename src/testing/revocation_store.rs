//! A revocation store for tests.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

use crate::{
    Error,
    verify::{FeedEvent, RevocationFeed, RevocationStore, SharedRevocation, StoreFuture},
};

/// A [`RevocationStore`] in memory, which a test can make fail. Clones refer to the same store, so the replicas
/// in a test can share it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), portcullis::ConfigError> {
/// use portcullis::{testing::MemoryRevocationStore, verify::{Revocation, Revocations}};
///
/// let store = MemoryRevocationStore::new();
/// let revocations = Revocations::builder().shared(store.clone()).build()?;
/// revocations.revoke(&Revocation::token_id("7")).await.unwrap();
/// assert_eq!(store.len(), 1);
///
/// store.fail();
/// let error = revocations.revoke(&Revocation::token_id("8")).await.unwrap_err();
/// assert_eq!(error.status(), 503);
/// assert_eq!((revocations.len(), store.len()), (2, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryRevocationStore(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    log: Vec<SharedRevocation>,
    /// The number of times that the store has lost everything.
    losses: usize,
    is_failing: bool,
}

struct Feed {
    store: MemoryRevocationStore,
    position: usize,
    losses: usize,
}

impl MemoryRevocationStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the store unreachable.
    pub fn fail(&self) {
        self.state().is_failing = true;
        self.0.changed.notify_waiters();
    }

    /// Makes the store reachable again.
    pub fn recover(&self) {
        self.state().is_failing = false;
    }

    /// Loses everything, like a server that restarts without persistence.
    pub fn lose_everything(&self) {
        let mut state = self.state();
        state.log.clear();
        state.losses += 1;
    }

    /// Returns the number of different revocations that are stored.
    #[must_use]
    pub fn len(&self) -> usize {
        let mut keys: Vec<_> = self.state().log.iter().map(SharedRevocation::key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.len()
    }

    /// Returns whether nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state().log.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RevocationStore for MemoryRevocationStore {
    fn publish(&self, revocations: Vec<SharedRevocation>) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut state = self.state();
            if state.is_failing {
                return Err(Error::unavailable("the store was made to fail"));
            }
            state.log.extend(revocations);
            drop(state);
            self.0.changed.notify_waiters();
            Ok(())
        })
    }

    fn feed(&self) -> Box<dyn RevocationFeed> {
        Box::new(Feed { store: self.clone(), position: 0, losses: self.state().losses })
    }
}

impl Feed {
    /// Returns the next event, without waiting.
    fn poll(&mut self) -> Result<Option<FeedEvent>, Error> {
        let state = self.store.state();
        if state.is_failing {
            return Err(Error::unavailable("the store was made to fail"));
        }
        if self.losses != state.losses {
            (self.losses, self.position) = (state.losses, 0);
            return Ok(Some(FeedEvent::Lost));
        }
        let new = state.log[self.position..].to_vec();
        self.position = state.log.len();
        Ok((!new.is_empty()).then_some(FeedEvent::Revoked(new)))
    }
}

impl RevocationFeed for Feed {
    fn next(&mut self) -> StoreFuture<'_, FeedEvent> {
        Box::pin(async {
            if let Some(event) = self.poll()? {
                return Ok(event);
            }
            let store = Arc::clone(&self.store.0);
            drop(timeout(Duration::from_millis(20), store.changed.notified()).await);
            Ok(self.poll()?.unwrap_or(FeedEvent::Current))
        })
    }
}
