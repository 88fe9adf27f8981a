//! Sending requests with `reqwest`.

use std::{fmt, sync::Arc};

use http::{Request, Response};

use super::{
    ReqwestClientBuilder, options::Options, resolver::AddressError, transports::Transports,
};
use crate::http_client::{
    AddressPolicy, HttpClient, HttpError, HttpResponseFuture, NewConnection, PeerAddress,
};

/// The default [`HttpClient`], which uses `reqwest` with rustls and without redirects.
///
/// The timeout for connecting is 2 s, and connections are closed after they have been idle for 20 s. The
/// proxy is read from the environment (`HTTPS_PROXY` and so on), and isn't used for loopback addresses,
/// because a proxy would connect to its own host.
///
/// TLS is set up when the first `https` request is sent, so a service without CA certificates starts, and
/// can use `http` on loopback. The error of an `https` request then says what is missing.
///
/// [`builder`](Self::builder) has options for proxies, certificates and timeouts. To set any other option, wrap
/// a `reqwest::Client`. Disable redirects in it, because responses from another URL are rejected. A wrapped
/// client doesn't check the addresses of names against an [`AddressPolicy`], and a request that is retried
/// because its connection was closed may use another pooled connection.
///
/// ```
/// use portcullis::http_client::ReqwestClient;
///
/// let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
/// let client = ReqwestClient::from(client);
/// assert_eq!(format!("{client:?}"), "ReqwestClient { .. }");
/// # Ok::<(), reqwest::Error>(())
/// ```
#[derive(Clone)]
pub struct ReqwestClient(Arc<Inner>);

enum Inner {
    Own(Box<Transports>),
    Wrapped(reqwest::Client),
}

impl ReqwestClient {
    /// Creates the default client.
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(Options::default())
    }

    /// Creates a builder for a client with options.
    pub fn builder() -> ReqwestClientBuilder {
        ReqwestClientBuilder::new()
    }

    pub(super) fn with_options(options: Options) -> Self {
        Self(Arc::new(Inner::Own(Box::new(Transports::new(options)))))
    }
}

impl Inner {
    async fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body: usize,
    ) -> Result<Response<Vec<u8>>, HttpError> {
        let addresses = AddressPolicy::of(&request);
        let reuse = !NewConnection::is_requested(&request);
        let request = reqwest::Request::try_from(request).map_err(transport)?;
        let url = request.url().clone();
        let (client, knows_peer) = match self {
            Self::Own(transports) => {
                let route = transports.route(&url, addresses, reuse)?;
                (route.client, !route.is_proxied)
            }
            Self::Wrapped(client) => {
                let host = url.host_str().unwrap_or_default();
                if !addresses.permits_host(host) {
                    return Err(HttpError::transport(AddressError::new(host)));
                }
                (client.clone(), false)
            }
        };
        let response = client.execute(request).await.map_err(before_response)?;
        if *response.url() != url {
            return Err(HttpError::transport("the client followed a redirect"));
        }
        let peer = response.remote_addr().filter(|_| knows_peer);
        let mut response = read(response, max_body).await?;
        if let Some(peer) = peer {
            response.extensions_mut().insert(PeerAddress(peer.ip()));
        }
        Ok(response)
    }
}

/// Reads the body, up to the limit.
async fn read(
    mut response: reqwest::Response,
    max_body: usize,
) -> Result<Response<Vec<u8>>, HttpError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
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

fn before_response(error: reqwest::Error) -> HttpError {
    // A connection that couldn't be established isn't one that the server closed while it was idle.
    if error.is_connect() || error.is_timeout() {
        return transport(error);
    }
    HttpError::before_response(error.without_url())
}

fn transport(error: reqwest::Error) -> HttpError {
    HttpError::transport(error.without_url())
}

impl Default for ReqwestClient {
    fn default() -> Self {
        Self::new()
    }
}

impl From<reqwest::Client> for ReqwestClient {
    fn from(client: reqwest::Client) -> Self {
        Self(Arc::new(Inner::Wrapped(client)))
    }
}

impl HttpClient for ReqwestClient {
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.send(request, max_body).await })
    }
}

impl fmt::Debug for ReqwestClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A reqwest client shows its default headers and its proxies, which may contain secrets.
        f.debug_struct("ReqwestClient").finish_non_exhaustive()
    }
}
