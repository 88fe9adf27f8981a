//! `reqwest` as the HTTP client.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{Request, Response};

use super::{HttpClient, HttpError, HttpResponseFuture};
use crate::url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// `reqwest` as an [`HttpClient`]: the default, with rustls, without redirects.
///
/// It goes through the proxy that the environment names (`HTTPS_PROXY` and their like), except to
/// loopback: what a proxy calls loopback is itself.
///
/// To change what it does, build a `reqwest::Client` of your own (proxy, private CA, client
/// certificate) and wrap it. Turn redirects off in it: what it brings from where it was redirected is
/// not taken.
///
/// ```
/// use portcullis::http_client::ReqwestClient;
///
/// let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
/// let client = ReqwestClient::from(client);
/// # let _ = client;
/// # Ok::<(), reqwest::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReqwestClient {
    client: reqwest::Client,
    /// For loopback, made when it is first needed; none beside a client that was given.
    direct: Option<Arc<OnceLock<reqwest::Client>>>,
}

impl ReqwestClient {
    /// The default client: connects within 2 s, follows no redirect.
    ///
    /// # Errors
    ///
    /// [`HttpError::Transport`] if TLS can't be set up on this machine.
    pub fn new() -> Result<Self, HttpError> {
        let client = builder().build().map_err(HttpError::transport)?;
        Ok(Self { client, direct: Some(Arc::default()) })
    }

    /// The client for that address.
    fn client_for(&self, url: &reqwest::Url) -> Result<reqwest::Client, HttpError> {
        match &self.direct {
            Some(direct) if url.host_str().is_some_and(url::is_loopback) => {
                if let Some(client) = direct.get() {
                    return Ok(client.clone());
                }
                let client = builder().no_proxy().build().map_err(HttpError::transport)?;
                Ok(direct.get_or_init(|| client).clone())
            }
            _ => Ok(self.client.clone()),
        }
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
}

impl From<reqwest::Client> for ReqwestClient {
    fn from(client: reqwest::Client) -> Self {
        Self { client, direct: None }
    }
}

impl HttpClient for ReqwestClient {
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        let this = self.clone();
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(HttpError::transport)?;
            let client = this.client_for(request.url())?;
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
