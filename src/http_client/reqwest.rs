//! `reqwest` as the HTTP client.

use std::time::Duration;

use http::{Request, Response};

use super::{HttpClient, HttpError, HttpResponseFuture};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// `reqwest` as an [`HttpClient`]: the default, with rustls, without redirects.
///
/// To change what it does, build a `reqwest::Client` of your own (proxy, private CA, client
/// certificate) and wrap it. Turn redirects off in it: what it brings from where it was redirected is
/// not taken.
///
/// ```
/// use portcullis::ReqwestClient;
///
/// let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
/// let client = ReqwestClient::from(client);
/// # let _ = client;
/// # Ok::<(), reqwest::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReqwestClient(reqwest::Client);

impl ReqwestClient {
    /// The default client: connects within 2 s, follows no redirect.
    ///
    /// # Errors
    ///
    /// [`HttpError::Transport`] if TLS can't be set up on this machine.
    pub fn new() -> Result<Self, HttpError> {
        reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
            .build()
            .map(Self)
            .map_err(HttpError::transport)
    }
}

impl From<reqwest::Client> for ReqwestClient {
    fn from(client: reqwest::Client) -> Self {
        Self(client)
    }
}

impl HttpClient for ReqwestClient {
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        let client = self.0.clone();
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(HttpError::transport)?;
            let asked = request.url().clone();
            let response = client.execute(request).await.map_err(HttpError::transport)?;
            if *response.url() != asked {
                return Err(HttpError::transport("the client followed a redirect"));
            }
            read(response, max_body).await
        })
    }
}

/// Reads the body as it comes, no further than the bound.
async fn read(
    mut response: reqwest::Response,
    max_body: usize,
) -> Result<Response<Vec<u8>>, HttpError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(HttpError::transport)? {
        if body.len().saturating_add(chunk.len()) > max_body {
            return Err(HttpError::BodyTooLarge { max: max_body });
        }
        body.extend_from_slice(&chunk);
    }
    let mut whole = Response::new(body);
    *whole.status_mut() = response.status();
    *whole.headers_mut() = std::mem::take(response.headers_mut());
    Ok(whole)
}
