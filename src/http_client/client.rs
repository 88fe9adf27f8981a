//! What we need of an HTTP client.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use http::{Request, Response};

use super::HttpError;

/// An HTTP client for outgoing requests: keys, metadata, introspection.
///
/// The default is `reqwest` (feature `reqwest`). Give one of your own for a proxy, a private CA or
/// client certificates, or to test without a network.
///
/// ```
/// use http::{Request, Response};
/// use portcullis::http_client::{HttpClient, HttpError, HttpResponseFuture};
///
/// /// Answers every request with 404.
/// #[derive(Debug)]
/// struct Nowhere;
///
/// impl HttpClient for Nowhere {
///     fn send(&self, _request: Request<Vec<u8>>, _max_body: usize) -> HttpResponseFuture {
///         Box::pin(async {
///             Response::builder().status(404).body(Vec::new()).map_err(HttpError::transport)
///         })
///     }
/// }
/// ```
pub trait HttpClient: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` and reads the whole response.
    ///
    /// A client must not follow redirects, and must stop reading with [`HttpError::BodyTooLarge`]
    /// once the body is longer than `max_body` bytes. Time-outs are ours: the future is dropped when
    /// its time is over.
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture;
}

/// The future of a response.
pub type HttpResponseFuture =
    Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, HttpError>> + Send>>;

impl<C: HttpClient + ?Sized> HttpClient for Arc<C> {
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        (**self).send(request, max_body)
    }
}
