//! The mark of a request that must not use a connection of a pool.

/// Asks a client for a new connection, in the extensions of a request.
///
/// A request that failed with [`HttpError::ConnectionClosed`](super::HttpError::ConnectionClosed) is sent
/// once more with this mark. An [`HttpClient`](super::HttpClient) with a pool of connections should not
/// take one from the pool for it, because a server that closed one idle connection has probably closed the
/// others too.
///
/// ```
/// use http::Request;
/// use portcullis::http_client::NewConnection;
///
/// let mut request = Request::new(Vec::<u8>::new());
/// assert!(!NewConnection::is_requested(&request));
/// request.extensions_mut().insert(NewConnection);
/// assert!(NewConnection::is_requested(&request));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewConnection;

impl NewConnection {
    /// Returns whether the request has to be sent on a new connection.
    #[must_use]
    pub fn is_requested<B>(request: &http::Request<B>) -> bool {
        request.extensions().get::<Self>().is_some()
    }
}
