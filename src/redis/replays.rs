//! The store of used DPoP proofs.

use std::{fmt::Write, sync::Arc, time::SystemTime};

use super::{connections::Connections, failure::Failure};
use crate::{
    Clock, Error,
    claims::NumericDate,
    clock::SystemClock,
    error::{SharedFailure, retry_after},
    telemetry::{self, Throttle},
    verify::binding::{Replay, ReplayKey, ReplayStore},
};

/// A [`ReplayStore`] in Redis: DPoP proofs that were used on any replica.
///
/// ```
/// use portcullis::{binding::Dpop, redis::Redis};
///
/// let redis = Redis::new("redis://127.0.0.1:6379")?;
/// let dpop = Dpop::builder("https://api.example").replay_store(redis.replays()).build();
/// assert!(dpop.is_ok());
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// Each request with a proof takes one round trip, `SET … NX PX`. If Redis is unreachable or full, or doesn't respond
/// in time, the request is rejected with 503, because a proof that can't be stored could be a replay.
///
/// A proof is stored as a digest until it is too old to be accepted. If Redis loses its data before that, such as in a
/// restart without persistence or in a failover, the proof is accepted a second time.
#[derive(Debug, Clone)]
pub struct RedisReplays {
    connections: Arc<Connections>,
    prefix: Arc<str>,
    clock: Arc<dyn Clock>,
    throttle: Arc<Throttle>,
}

impl RedisReplays {
    pub(super) fn new(connections: Arc<Connections>, prefix: &str) -> Self {
        let prefix = format!("{prefix}:replay:").into();
        Self { connections, prefix, clock: Arc::new(SystemClock), throttle: Arc::default() }
    }

    /// Sets the clock with which the remaining time of a proof is computed. The default is [`SystemClock`]. Use the
    /// clock of the DPoP verifier.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Logs a failure at most once per minute, and returns the error of the request, which isn't logged again.
    fn rejection(&self, failure: Failure) -> Error {
        let now = NumericDate::from_system_time(self.clock.now());
        if let Some(count) = self.throttle.count("DPoP proofs", now) {
            telemetry::replay_store_unreachable(&Error::from(failure.clone()), count);
        }
        Error::unavailable(SharedFailure::new(failure)).with_retry_after(retry_after::SOON)
    }

    /// Returns how long a proof is stored: one second longer than it is accepted.
    fn milliseconds(&self, expires_at: SystemTime) -> u64 {
        let left = expires_at.duration_since(self.clock.now()).unwrap_or_default();
        u64::try_from(left.as_millis()).unwrap_or(u64::MAX >> 1).saturating_add(1000)
    }
}

impl ReplayStore for RedisReplays {
    fn insert(&self, key: ReplayKey, expires_at: SystemTime) -> Replay {
        let mut name = String::from(&*self.prefix);
        for byte in key.as_bytes() {
            // Writing to a `String` doesn't fail.
            let _ = write!(name, "{byte:02x}");
        }
        let mut command = redis::cmd("SET");
        command.arg(name).arg(1).arg("NX").arg("PX").arg(self.milliseconds(expires_at));
        let this = self.clone();
        Replay::pending(async move {
            let run =
                |mut link| async move { command.query_async::<Option<String>>(&mut link).await };
            let stored = this.connections.run(run).await;
            stored.map(|stored| stored.is_some()).map_err(|failure| this.rejection(failure))
        })
    }
}
