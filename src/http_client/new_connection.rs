//! The mark of a request that must not use a pooled connection.

/// An extension of a request that has to be sent on a new connection.
///
/// A request that failed with [`HttpError::ConnectionClosed`](super::HttpError::ConnectionClosed) is
/// retried once with this extension. An [`HttpClient`](super::HttpClient) with a connection pool should
/// then open a new connection, because a server that closed one idle connection has probably closed the
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
