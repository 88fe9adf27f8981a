//! Why a use of Redis failed.

use std::time::Duration;

use redis::RedisError;

use crate::{Error, error::retry_after};

/// Why a use of Redis failed.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Failure {
    #[error("Redis can't be reached")]
    Connecting(#[source] RedisError),
    #[error("Redis has rejected a command")]
    Command(#[source] RedisError),
    #[error("Redis hasn't responded within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The runtime of the task that was connecting has ended.
    #[error("the connection to Redis was aborted")]
    Aborted,
}

impl Failure {
    /// Returns whether the next command needs another connection: after every failure, such as of a server that is a
    /// replica now, except for those that another connection would have as well.
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
