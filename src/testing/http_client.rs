//! An HTTP client for tests without a network.

use std::{fmt, sync::Arc};

use http::{Request, Response};

use super::{TestIssuer, endpoints};
use crate::http_client::{HttpClient, HttpError, HttpResponseFuture};

type Respond = dyn Fn(Request<Vec<u8>>) -> HttpResponseFuture + Send + Sync;

/// A mock [`HttpClient`], whose responses come from a function.
///
/// ```
/// use http::{Request, Response};
/// use portcullis::{http_client::HttpClient, testing::TestClient};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let client = TestClient::new(async |request| {
///     assert_eq!(request.uri().path(), "/jwks");
///     Ok(Response::new(b"{\"keys\":[]}".to_vec()))
/// });
/// let request = Request::get("https://as.example/jwks").body(Vec::new()).unwrap();
/// assert_eq!(client.send(request, 1024).await.unwrap().body(), b"{\"keys\":[]}");
/// # }
/// ```
#[derive(Clone)]
pub struct TestClient(Arc<Respond>);

impl TestClient {
    /// Creates a client that responds to each request with the result of `respond`.
    pub fn new<F, R>(respond: F) -> Self
    where
        F: Fn(Request<Vec<u8>>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Response<Vec<u8>>, HttpError>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(respond(request))))
    }
}

impl TestIssuer {
    /// Returns an HTTP client that sends requests to this issuer in memory. Requests to any other
    /// host fail.
    #[must_use]
    pub fn http_client(&self) -> TestClient {
        let issuer = self.clone();
        TestClient::new(move |request| {
            let issuer = issuer.clone();
            async move {
                if !request.uri().to_string().starts_with(issuer.issuer()) {
                    return Err(HttpError::transport("no such host"));
                }
                endpoints::respond(&issuer, request).await
            }
        })
    }
}

impl HttpClient for TestClient {
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        let response = (self.0)(request);
        Box::pin(async move {
            let response = response.await?;
            if response.body().len() > max_body {
                return Err(HttpError::BodyTooLarge { max: max_body });
            }
            Ok(response)
        })
    }
}

impl fmt::Debug for TestClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestClient")
    }
}
