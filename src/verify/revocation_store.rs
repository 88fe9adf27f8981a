//! Where replicas share revocations.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use super::shared_revocation::SharedRevocation;
use crate::Error;

/// A store through which replicas share their revocations.
///
/// [`RedisRevocations`](crate::redis::RedisRevocations) is one. Implement this trait for any other, such as a table
/// in `PostgreSQL` with `LISTEN`, or a NATS stream; `testing::check_revocation_store` tests an implementation.
///
/// The store has to keep a revocation until it [expires](SharedRevocation::expires_at), and to deliver it to every
/// feed: to those that exist and to those that are opened later. It may deliver a revocation more than once, in any
/// order. Of two revocations with the same [key](SharedRevocation::key) it delivers either both or their
/// [combination](SharedRevocation::merge).
///
/// ```
/// use std::{sync::{Arc, Mutex}, time::Duration};
///
/// use portcullis::verify::{
///     FeedEvent, RevocationFeed, RevocationStore, Revocations, SharedRevocation, StoreFuture,
/// };
///
/// /// A store for the lists of one process, which never fails and never forgets.
/// #[derive(Debug, Clone, Default)]
/// struct Everything(Arc<Mutex<Vec<SharedRevocation>>>);
///
/// struct Reader {
///     store: Everything,
///     position: usize,
/// }
///
/// impl RevocationStore for Everything {
///     fn publish(&self, revocations: Vec<SharedRevocation>) -> StoreFuture<'_, ()> {
///         self.0.lock().unwrap().extend(revocations);
///         Box::pin(async { Ok(()) })
///     }
///
///     fn feed(&self) -> Box<dyn RevocationFeed> {
///         Box::new(Reader { store: self.clone(), position: 0 })
///     }
/// }
///
/// impl RevocationFeed for Reader {
///     fn next(&mut self) -> StoreFuture<'_, FeedEvent> {
///         let new = self.store.0.lock().unwrap()[self.position..].to_vec();
///         self.position += new.len();
///         Box::pin(async move {
///             if new.is_empty() {
///                 tokio::time::sleep(Duration::from_millis(100)).await;
///                 return Ok(FeedEvent::Current);
///             }
///             Ok(FeedEvent::Revoked(new))
///         })
///     }
/// }
///
/// let revocations = Revocations::builder().shared(Everything::default()).build()?;
/// assert!(revocations.readiness().is_shared());
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
pub trait RevocationStore: fmt::Debug + Send + Sync + 'static {
    /// Stores revocations. Completes when every feed will deliver them.
    ///
    /// Repeating a call changes nothing. Of two revocations with the same key, neither time becomes an earlier one.
    ///
    /// # Errors
    ///
    /// [`Error::unavailable`] if some of them may not be stored. They are published again later.
    fn publish(&self, revocations: Vec<SharedRevocation>) -> StoreFuture<'_, ()>;

    /// Opens a feed of everything that is stored and will be. It connects when it is first read.
    fn feed(&self) -> Box<dyn RevocationFeed>;
}

/// What a [`RevocationStore`] contains, and what is added to it.
pub trait RevocationFeed: Send {
    /// Waits for the next event, at most about half a second, then returns [`FeedEvent::Current`] if there is
    /// none.
    ///
    /// The future may be dropped before it completes, and the feed is read again after an error. Either way, it must
    /// not lose an event: it connects again, and repeats what it is not sure to have delivered.
    ///
    /// # Errors
    ///
    /// [`Error::unavailable`] if the store can't be read.
    fn next(&mut self) -> StoreFuture<'_, FeedEvent>;
}

/// What a feed delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeedEvent {
    /// Everything that was stored before [`RevocationFeed::next`] was called has been delivered.
    Current,
    /// The store may have lost revocations that were delivered before, so each replica publishes all that it
    /// knows. For a store that keeps everything, this never happens.
    Lost,
    /// These tokens are revoked.
    Revoked(Vec<SharedRevocation>),
}

/// A future of a store.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// What happens to requests while the shared store is unreachable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutagePolicy {
    /// Requests with tokens are rejected with 503, because a token may have been revoked elsewhere. Also right after
    /// the start, until the store has been read.
    Reject,
    /// Requests are served, based on the revocations that this replica knows. A token that another replica revokes
    /// meanwhile is accepted until the store is back, and so is one that was revoked earlier if this replica
    /// starts during the outage.
    #[default]
    Serve,
}

impl<S: RevocationStore + ?Sized> RevocationStore for Arc<S> {
    fn publish(&self, revocations: Vec<SharedRevocation>) -> StoreFuture<'_, ()> {
        (**self).publish(revocations)
    }

    fn feed(&self) -> Box<dyn RevocationFeed> {
        (**self).feed()
    }
}
