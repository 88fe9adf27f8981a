//! An HTTP client without a network.

use std::{fmt, sync::Arc};

use http::{Request, Response};

use super::{TestIssuer, endpoints};
use crate::http_client::{HttpClient, HttpError, HttpResponseFuture};

type Answer = dyn Fn(Request<Vec<u8>>) -> HttpResponseFuture + Send + Sync;

/// An [`HttpClient`] whose answers a test gives.
///
/// ```
/// use http::Response;
/// use portcullis::testing::TestClient;
///
/// let client = TestClient::new(async |request| {
///     assert_eq!(request.uri().path(), "/jwks");
///     Ok(Response::new(b"{\"keys\":[]}".to_vec()))
/// });
/// # let _ = client;
/// ```
#[derive(Clone)]
pub struct TestClient(Arc<Answer>);

impl TestClient {
    /// Answers with what `answer` gives.
    pub fn new<F, R>(answer: F) -> Self
    where
        F: Fn(Request<Vec<u8>>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Response<Vec<u8>>, HttpError>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(answer(request))))
    }
}

impl TestIssuer {
    /// Returns an HTTP client that reaches this issuer, and nothing else, without a socket.
    #[must_use]
    pub fn http_client(&self) -> TestClient {
        let issuer = self.clone();
        TestClient::new(move |request| {
            let issuer = issuer.clone();
            async move {
                if !request.uri().to_string().starts_with(issuer.issuer()) {
                    return Err(HttpError::transport("no such host"));
                }
                endpoints::answer(&issuer, request).await
            }
        })
    }
}

impl HttpClient for TestClient {
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        let answer = (self.0)(request);
        Box::pin(async move {
            let response = answer.await?;
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
