//! Why an outgoing request brought no response.

use std::error::Error as StdError;

/// Why an outgoing request brought no response that we can use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The response's body is longer than we read.
    #[error("the response body is longer than {max} bytes")]
    BodyTooLarge {
        /// The most that we read, in bytes.
        max: usize,
    },
    /// No complete response within the time that a request has.
    #[error("no complete response within {seconds} s")]
    TimedOut {
        /// The time that a request has, in seconds.
        seconds: u64,
    },
    /// The connection failed, or the response breaks HTTP.
    #[error("the request failed")]
    Transport(#[source] Box<dyn StdError + Send + Sync>),
}

impl HttpError {
    /// A failure of the client's own.
    pub fn transport(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Transport(source.into())
    }
}
