//! The interface to a store through which replicas share revocations.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use super::shared_revocation::SharedRevocation;
use crate::Error;

/// A store through which replicas share their revocations.
///
/// [`RedisRevocations`](crate::redis::RedisRevocations) is one. Implement this trait for other stores, such as
/// a table in `PostgreSQL` with `LISTEN`, or a NATS stream, and test the implementation with
/// `testing::check_revocation_store`.
///
/// The store must keep a revocation until it [expires](SharedRevocation::expires_at), and deliver it to every
/// feed, including feeds that are opened later. It may deliver a revocation more than once, in any order. Of
/// two revocations with the same [key](SharedRevocation::key), it delivers either both or their
/// [combination](SharedRevocation::merge).
///
/// ```
/// use std::{sync::{Arc, Mutex}, time::Duration};
///
/// use portcullis::verify::{
///     FeedEvent, RevocationFeed, RevocationStore, Revocations, SharedRevocation, StoreFuture,
/// };
///
/// /// A store for the lists of one process, which never fails and keeps everything.
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
    /// Stores revocations. Completes once it is certain that every feed will deliver them.
    ///
    /// The operation must be idempotent. Storing a revocation with an existing key must not make either of the
    /// stored times earlier.
    ///
    /// # Errors
    ///
    /// Returns [`Error::unavailable`] if it isn't certain that all of them are stored. They are
    /// published again later.
    fn publish(&self, revocations: Vec<SharedRevocation>) -> StoreFuture<'_, ()>;

    /// Opens a feed of everything that is stored, now or later. It connects when it is first read.
    fn feed(&self) -> Box<dyn RevocationFeed>;
}

/// A stream of the contents of a [`RevocationStore`] and of what is added to it.
pub trait RevocationFeed: Send {
    /// Waits for the next event, for about half a second at most. Returns [`FeedEvent::Current`] if there is
    /// none.
    ///
    /// The future may be dropped before it completes, and the feed is read again after an error. In neither
    /// case may an event be lost: the feed reconnects, and repeats the events that it may not have delivered.
    ///
    /// # Errors
    ///
    /// Returns [`Error::unavailable`] if the store can't be read.
    fn next(&mut self) -> StoreFuture<'_, FeedEvent>;
}

/// An event of a [`RevocationFeed`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeedEvent {
    /// Everything that was stored before [`RevocationFeed::next`] was called has been delivered.
    Current,
    /// The store may have lost revocations that were delivered before, so each replica publishes all
    /// revocations that it has. A store that never loses data never sends this event.
    Lost,
    /// These tokens are revoked.
    Revoked(Vec<SharedRevocation>),
}

/// The future that the methods of a store return.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A policy for requests that arrive while the shared store is unreachable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutagePolicy {
    /// Requests with tokens are rejected with 503, because a token may have been revoked on another replica.
    /// This also applies after start-up, until the store has been read.
    Reject,
    /// Requests are served, based on the revocations that this replica knows. A token that another replica
    /// revokes in the meantime is accepted until the store is reachable again. If this replica starts during
    /// the outage, so is a token that was revoked earlier.
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
