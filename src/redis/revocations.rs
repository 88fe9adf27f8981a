//! The store of revocations.

use std::{fmt, sync::Arc};

use super::{connections::Connections, feed::RedisFeed, store::Store};
use crate::verify::{RevocationFeed, RevocationStore, SharedRevocation, StoreFuture};

/// A store of revocations in Redis, which replicas share: see
/// [`RevocationsBuilder::shared`](crate::verify::RevocationsBuilder::shared).
///
/// ```
/// use portcullis::{redis::Redis, verify::Revocations};
///
/// let redis = Redis::new("redis://127.0.0.1:6379")?;
/// let revocations = Revocations::builder().shared(redis.revocations()).build()?;
/// assert!(!revocations.readiness().is_current());
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// A sorted set contains the revocations until they expire, as digests of about 125 bytes each. A stream notifies the
/// replicas, and contains the last 10,000 changes with consecutive numbers.
///
/// A replica reads the set when it starts. Afterwards, it follows the stream, and learns of a change within
/// milliseconds. After an interruption it continues if the stream still has its last entry. Otherwise, the replica has
/// missed changes, or Redis has lost some, for example in a restart without persistence or in a failover. The replica
/// then reads the set again, and writes all revocations that it knows. So a revocation is only lost if Redis loses it
/// while no replica that knows it is running. `appendfsync everysec` or `always` makes that unlikely.
#[derive(Clone)]
pub struct RedisRevocations(Arc<Store>);

impl RedisRevocations {
    pub(super) fn new(connections: Arc<Connections>, prefix: &str) -> Self {
        Self(Arc::new(Store::new(connections, prefix)))
    }
}

impl RevocationStore for RedisRevocations {
    fn publish(&self, revocations: Vec<SharedRevocation>) -> StoreFuture<'_, ()> {
        Box::pin(self.0.publish(revocations))
    }

    fn feed(&self) -> Box<dyn RevocationFeed> {
        Box::new(RedisFeed::new(Arc::clone(&self.0)))
    }
}

impl fmt::Debug for RedisRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRevocations")
            .field("connections", &self.0.connections)
            .field("key", &self.0.keys.entries)
            .finish_non_exhaustive()
    }
}
