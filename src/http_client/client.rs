//! The interface to HTTP clients.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use http::{Request, Response};

use super::HttpError;

/// An HTTP client for outgoing requests, that is, for keys, metadata and introspection.
///
/// The default is `ReqwestClient` (feature `reqwest`), whose builder has options for proxies, CA
/// certificates and client certificates. Implement this trait to use another HTTP library, or a mock
/// in tests.
///
/// ```
/// use http::{Request, Response};
/// use portcullis::http_client::{HttpClient, HttpError, HttpResponseFuture};
///
/// /// Responds to every request with 404.
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
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let request = Request::get("https://as.example/jwks").body(Vec::new()).unwrap();
/// assert_eq!(Nowhere.send(request, 1024).await.unwrap().status(), 404);
/// # }
/// ```
pub trait HttpClient: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` and reads the whole response.
    ///
    /// A client must not follow redirects, and must stop reading once the body is longer than `max_body`
    /// bytes. It needs no timeout, because this crate drops the future after 5 s.
    ///
    /// # Errors
    ///
    /// Returns [`HttpError::BodyTooLarge`] if the body is too long. A client should return
    /// [`HttpError::ConnectionClosed`] if the connection was closed before a response arrived. The request
    /// is then retried once, marked with [`NewConnection`](super::NewConnection).
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture;
}

/// The future that [`HttpClient::send`] returns.
pub type HttpResponseFuture =
    Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, HttpError>> + Send>>;

impl<C: HttpClient + ?Sized> HttpClient for Arc<C> {
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        (**self).send(request, max_body)
    }
}
