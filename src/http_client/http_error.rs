//! The errors of outgoing requests.

use std::error::Error as StdError;

use super::closed::is_closed;

/// The error of an outgoing request without a usable response.
///
/// ```
/// use portcullis::http_client::HttpError;
///
/// let error = HttpError::transport("no route to host");
/// assert_eq!(error.to_string(), "the request failed");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The response body is longer than the limit.
    #[error("the response body is longer than {max} bytes")]
    BodyTooLarge {
        /// The limit, in bytes.
        max: usize,
    },
    /// The response is compressed, although no compression was accepted.
    #[error("the response is compressed ({encoding}), although it was requested uncompressed")]
    Compressed {
        /// The value of `Content-Encoding`.
        encoding: String,
    },
    /// The connection was closed before a response arrived. This happens, for example, when a server
    /// closes an idle connection while a request is being sent on it ([RFC 9112 §9.3.1]).
    ///
    /// The request is retried once, on a new connection: see [`NewConnection`](super::NewConnection).
    ///
    /// [RFC 9112 §9.3.1]: https://www.rfc-editor.org/rfc/rfc9112#section-9.3.1
    #[error("the connection was closed before a response arrived")]
    ConnectionClosed(#[source] Box<dyn StdError + Send + Sync>),
    /// There was no complete response in time.
    #[error("no complete response within {seconds} s")]
    TimedOut {
        /// The timeout, in seconds.
        seconds: u64,
    },
    /// The connection failed, or the response isn't valid HTTP.
    #[error("the request failed")]
    Transport(#[source] Box<dyn StdError + Send + Sync>),
}

impl HttpError {
    /// Creates the error for a connection that was closed before a response arrived.
    ///
    /// Use it in a custom client when the HTTP library reports this, so that the request is retried. For
    /// clients that are based on hyper, [`before_response`](Self::before_response) detects it.
    pub fn connection_closed(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::ConnectionClosed(source.into())
    }

    /// Creates the error for a request that failed before a response arrived.
    ///
    /// This is [`ConnectionClosed`](Self::ConnectionClosed) if `source`, or one of the errors that caused it, is
    /// an error of hyper about a message that is incomplete, canceled or sent on a closed connection, or
    /// an I/O error such as [`ConnectionReset`](std::io::ErrorKind::ConnectionReset) or
    /// [`BrokenPipe`](std::io::ErrorKind::BrokenPipe). Otherwise, it is [`Transport`](Self::Transport).
    ///
    /// ```
    /// use std::io;
    ///
    /// use portcullis::http_client::HttpError;
    ///
    /// let error = HttpError::before_response(io::Error::from(io::ErrorKind::BrokenPipe));
    /// assert!(matches!(error, HttpError::ConnectionClosed(_)));
    /// let error = HttpError::before_response(io::Error::from(io::ErrorKind::ConnectionRefused));
    /// assert!(matches!(error, HttpError::Transport(_)));
    /// ```
    pub fn before_response(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = source.into();
        if is_closed(&*source) { Self::ConnectionClosed(source) } else { Self::Transport(source) }
    }

    /// Creates the error for any other failure of a client.
    pub fn transport(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Transport(source.into())
    }
}
