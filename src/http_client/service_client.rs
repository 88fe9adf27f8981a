//! An HTTP client that uses a tower service.

use std::{
    error::Error as StdError,
    fmt,
    future::poll_fn,
    sync::{Mutex, PoisonError},
};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower_service::Service;

use super::{HttpClient, HttpError, HttpResponseFuture};

/// An [`HttpClient`] that uses any `tower::Service` for `http::Request<Full<Bytes>>`, such as a client of
/// hyper, a stack of tower layers, or a mock.
///
/// If the error of the service, or any of its sources, is an error of hyper about a closed connection, it
/// becomes [`HttpError::ConnectionClosed`]: see [`HttpError::before_response`]. The service sees the
/// extensions of each request, such as [`NewConnection`](super::NewConnection).
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::{Empty, Full};
/// use portcullis::http_client::ServiceClient;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use portcullis::http_client::HttpClient;
///
/// let client = ServiceClient::new(tower::service_fn(async |_: Request<Full<Bytes>>| {
///     Ok::<_, std::io::Error>(Response::new(Empty::<Bytes>::new()))
/// }));
/// let request = Request::get("https://as.example/jwks").body(Vec::new()).unwrap();
/// assert_eq!(client.send(request, 1024).await.unwrap().status(), 200);
/// # }
/// ```
pub struct ServiceClient<S>(
    // Locked only to clone the service, never during a request.
    Mutex<S>,
);

impl<S> ServiceClient<S> {
    /// Creates a client that sends each request through a clone of `service`.
    pub const fn new(service: S) -> Self {
        Self(Mutex::new(service))
    }
}

impl<S, B> HttpClient for ServiceClient<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        let mut service = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(HttpError::before_response)?;
            let response =
                service.call(request.map(Full::from)).await.map_err(HttpError::before_response)?;
            read(response, max_body).await
        })
    }
}

/// Reads the body, up to the limit.
async fn read<B>(response: Response<B>, max_body: usize) -> Result<Response<Vec<u8>>, HttpError>
where
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let (head, body) = response.into_parts();
    let mut body = std::pin::pin!(body);
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(mut data) = frame.map_err(HttpError::transport)?.into_data() else { continue };
        if bytes.len().saturating_add(data.remaining()) > max_body {
            return Err(HttpError::BodyTooLarge { max: max_body });
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            bytes.extend_from_slice(chunk);
            let read = chunk.len();
            data.advance(read);
        }
    }
    Ok(Response::from_parts(head, bytes))
}

impl<S> fmt::Debug for ServiceClient<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceClient")
    }
}
