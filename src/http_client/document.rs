//! JSON documents that other servers publish: key sets, metadata.

use http::{
    HeaderValue, Request, Response, StatusCode, Uri,
    header::{ACCEPT, CONTENT_TYPE, IF_NONE_MATCH},
};
use serde::de::DeserializeOwned;

use super::{HttpClient, HttpError, fetch};

/// A longer body is not read.
const MAX_BODY: usize = 256 * 1024;

/// Why there is no document. It names the address, and nothing of the response's body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentError {
    #[error("`{url}` answered with content type `{found}`, not JSON")]
    ContentType { url: String, found: String },
    #[error("fetching `{url}` failed")]
    Http { url: String, source: HttpError },
    #[error("`{url}` answered with status {status}")]
    Status { url: String, status: StatusCode },
}

/// `GET`, whatever the status.
pub(crate) async fn get(
    client: &dyn HttpClient,
    uri: &Uri,
    etag: Option<HeaderValue>,
) -> Result<Response<Vec<u8>>, DocumentError> {
    let mut request = Request::new(Vec::new());
    *request.uri_mut() = uri.clone();
    let json = HeaderValue::from_static("application/json, application/jwk-set+json");
    request.headers_mut().insert(ACCEPT, json);
    if let Some(etag) = etag {
        request.headers_mut().insert(IF_NONE_MATCH, etag);
    }
    fetch(client, request, MAX_BODY)
        .await
        .map_err(|source| DocumentError::Http { url: uri.to_string(), source })
}

/// The response, if it is `200 OK` with JSON. An HTML page with status 200 is a common failure.
pub(crate) fn require_json(
    uri: &Uri,
    response: Response<Vec<u8>>,
) -> Result<Response<Vec<u8>>, DocumentError> {
    if response.status() != StatusCode::OK {
        return Err(DocumentError::Status { url: uri.to_string(), status: response.status() });
    }
    let content_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    match content_type {
        Some(content_type) if !is_json(content_type) => Err(DocumentError::ContentType {
            url: uri.to_string(),
            found: String::from_utf8_lossy(content_type).chars().take(64).collect(),
        }),
        // Files on a plain server may come without a type; the parser judges them.
        _ => Ok(response),
    }
}

/// `application/json`, `application/jwk-set+json` and their like; `text/plain` and
/// `application/octet-stream` for key sets on plain file servers.
fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
    let essence = essence.trim_ascii().to_ascii_lowercase();
    essence.ends_with(b"/json")
        || essence.ends_with(b"+json")
        || matches!(&*essence, b"text/plain" | b"application/octet-stream")
}

/// Reads a JSON object. Left to itself, serde takes an array for a struct too.
pub(crate) fn read_object<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
    if text.trim_ascii_start().starts_with(b"{") { serde_json::from_slice(text).ok() } else { None }
}
