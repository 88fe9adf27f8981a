//! Errors of Redis.

use std::time::Duration;

use redis::RedisError;

use crate::{Error, error::retry_after};

/// The reason why a command or a connection failed.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Failure {
    #[error("can't connect to Redis")]
    Connecting(#[source] RedisError),
    #[error("Redis rejected a command")]
    Command(#[source] RedisError),
    #[error("Redis didn't respond within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The runtime of the connecting task has ended.
    #[error("the connection to Redis was aborted")]
    Aborted,
}

impl Failure {
    /// Returns whether the next command needs a new connection. This is so after every failure (a server may have
    /// become a replica, for example) unless it would also occur on a new connection.
    pub(super) fn ends_connection(&self) -> bool {
        let Self::Command(error) = self else { return true };
        !matches!(error.code(), Some("BUSY" | "ERR" | "NOPERM" | "OOM" | "WRONGTYPE"))
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::unavailable(failure).with_retry_after(retry_after::SOON)
    }
}
