//! A request with the bounds that we set ourselves.

use std::time::Duration;

use http::{Request, Response};

use super::{HttpClient, HttpError};

/// A whole fetch, body included, takes no longer.
pub(crate) const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

impl HttpError {
    pub(crate) const fn timed_out() -> Self {
        Self::TimedOut { seconds: FETCH_TIMEOUT.as_secs() }
    }
}

/// Sends `request`; the response's body has at most `max_body` bytes, whatever the client does.
pub(crate) async fn fetch(
    client: &dyn HttpClient,
    request: Request<Vec<u8>>,
    max_body: usize,
) -> Result<Response<Vec<u8>>, HttpError> {
    let response = tokio::time::timeout(FETCH_TIMEOUT, client.send(request, max_body))
        .await
        .map_err(|_| HttpError::timed_out())??;
    if response.body().len() > max_body {
        return Err(HttpError::BodyTooLarge { max: max_body });
    }
    Ok(response)
}
