//! The limits and the retry of all outgoing requests.

use std::time::Duration;

use http::{
    HeaderMap, HeaderValue, Request, Response,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING},
};

use super::{HttpClient, HttpError, NewConnection};
use crate::error::redacted;

/// The timeout of a request, for both attempts together, including the bodies.
pub(crate) const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum length of a header in an error, in characters.
const MAX_SHOWN: usize = 64;

impl HttpError {
    pub(crate) const fn timed_out() -> Self {
        Self::TimedOut { seconds: FETCH_TIMEOUT.as_secs() }
    }

    /// Removes secrets from URLs in the errors of a client.
    fn redacted(self) -> Self {
        match self {
            Self::ConnectionClosed(source) => Self::ConnectionClosed(redacted(source)),
            Self::Transport(source) => Self::Transport(redacted(source)),
            other => other,
        }
    }
}

/// Sends `request`, and rejects compressed responses. The response body has at most `max_body` bytes, even if
/// the client ignores the limit.
pub(crate) async fn fetch(
    client: &dyn HttpClient,
    mut request: Request<Vec<u8>>,
    max_body: usize,
) -> Result<Response<Vec<u8>>, HttpError> {
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let response = tokio::time::timeout(FETCH_TIMEOUT, send(client, request, max_body))
        .await
        .map_err(|_| HttpError::timed_out())?
        .map_err(HttpError::redacted)?;
    if response.body().len() > max_body {
        return Err(HttpError::BodyTooLarge { max: max_body });
    }
    match compression(response.headers()) {
        Some(encoding) => Err(HttpError::Compressed { encoding }),
        None => Ok(response),
    }
}

/// Returns the encoding of a compressed body.
fn compression(headers: &HeaderMap) -> Option<String> {
    let encoding = headers.get(CONTENT_ENCODING)?.as_bytes().trim_ascii();
    let is_identity = encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity");
    let shown = || String::from_utf8_lossy(encoding).chars().take(MAX_SHOWN).collect();
    (!is_identity).then(shown)
}

/// Sends `request`, and retries once if the connection was closed before a response arrived (RFC 9112
/// §9.3.1). This is safe, because requests for keys, metadata and introspection are idempotent.
async fn send(
    client: &dyn HttpClient,
    request: Request<Vec<u8>>,
    max_body: usize,
) -> Result<Response<Vec<u8>>, HttpError> {
    let mut again = request.clone();
    match client.send(request, max_body).await {
        Err(HttpError::ConnectionClosed(_)) => {
            again.extensions_mut().insert(NewConnection);
            client.send(again, max_body).await
        }
        outcome => outcome,
    }
}
