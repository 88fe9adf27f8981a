//! A client that authenticates with a token from a file.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use http::{HeaderValue, Request, Uri, header::AUTHORIZATION};
use tokio::runtime::Handle;

use super::{HttpClient, HttpError, HttpResponseFuture};
use crate::{
    ConfigError,
    url::{self, Query},
};

/// The maximum length of the file, in bytes.
const MAX_LEN: u64 = 64 * 1024;

/// An [`HttpClient`] that adds a bearer token from a file to requests to one server. Requests to other
/// servers are sent without it.
///
/// The file is read for each request, so it can be replaced at any time. In a Kubernetes pod, the kubelet does
/// this with the token of the service account, which the API server requires for requests for its keys: see
/// [`presets::kubernetes_in_cluster`](crate::jwt::presets::kubernetes_in_cluster).
///
/// ```
/// # #[cfg(all(feature = "testing", feature = "_jwt"))]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use portcullis::{
///     http_client::{HttpClient, TokenFileClient},
///     testing::TestClient,
/// };
///
/// let path = std::env::temp_dir().join("portcullis-token-file-example");
/// std::fs::write(&path, "s3cret\n")?;
/// let client = TestClient::new(async |request| {
///     let authorization = request.headers().get("authorization").cloned();
///     Ok(http::Response::new(authorization.map_or(Vec::new(), |value| value.as_bytes().to_vec())))
/// });
/// let client = TokenFileClient::new(client, "https://kubernetes.default.svc", path)?;
///
/// let request = http::Request::get("https://kubernetes.default.svc/openid/v1/jwks").body(Vec::new())?;
/// assert_eq!(client.send(request, 1024).await?.body(), b"Bearer s3cret");
/// let request = http::Request::get("https://other.example/").body(Vec::new())?;
/// assert_eq!(client.send(request, 1024).await?.body(), b"");
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "testing", feature = "_jwt")))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct TokenFileClient<C> {
    client: Arc<C>,
    server: Uri,
    path: Arc<Path>,
}

impl<C: HttpClient> TokenFileClient<C> {
    /// Creates a client that sends requests with `client`. Requests to `server` contain the token in the file
    /// at `path`, without surrounding whitespace. `server` is an `https` URL, whose path is ignored.
    ///
    /// This method doesn't read the file.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if `server` isn't an `https` URL, or an `http` URL on loopback.
    pub fn new(client: C, server: &str, path: impl Into<PathBuf>) -> Result<Self, ConfigError> {
        let server = url::parse(server, Query::Forbidden, false).map_err(|problem| {
            ConfigError::new("server of a token file", server, problem.to_string())
        })?;
        Ok(Self::for_server(client, server, path))
    }

    /// Creates a client for a validated URL.
    pub(crate) fn for_server(client: C, server: Uri, path: impl Into<PathBuf>) -> Self {
        Self { client: Arc::new(client), server, path: path.into().into() }
    }

    fn is_for(&self, uri: &Uri) -> bool {
        uri.scheme() == self.server.scheme() && uri.authority() == self.server.authority()
    }
}

impl<C: HttpClient> HttpClient for TokenFileClient<C> {
    fn send(&self, mut request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        if !self.is_for(request.uri()) {
            return self.client.send(request, max_body);
        }
        let (client, path) = (Arc::clone(&self.client), Arc::clone(&self.path));
        Box::pin(async move {
            let runtime = Handle::try_current().map_err(HttpError::transport)?;
            let read = runtime.spawn_blocking(move || read(&path));
            let token = read.await.map_err(HttpError::transport)??;
            request.headers_mut().insert(AUTHORIZATION, token);
            client.send(request, max_body).await
        })
    }
}

/// Reads the file as the value of `Authorization`.
fn read(path: &Path) -> Result<HeaderValue, HttpError> {
    let failed = |problem: String| {
        HttpError::transport(format!("token file `{}`: {problem}", path.display()))
    };
    let text = open_and_read(path).map_err(|error| failed(error.to_string()))?;
    let token = text.trim_ascii();
    if token.is_empty() {
        return Err(failed("empty".to_owned()));
    }
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| failed("not a token".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn open_and_read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_LEN).read_to_string(&mut text)?;
    Ok(text)
}

impl<C: fmt::Debug> fmt::Debug for TokenFileClient<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFileClient")
            .field("client", &self.client)
            .field("server", &self.server)
            .field("path", &self.path)
            .finish()
    }
}
