//! JSON documents that other servers publish: key sets and metadata.

use http::{
    HeaderValue, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, IF_NONE_MATCH},
};
use serde::de::DeserializeOwned;

use super::{HttpClient, HttpError, Target, fetch};

/// The maximum length of a document, in bytes.
pub(crate) const MAX_BODY: usize = 256 * 1024;

/// The reason why a document couldn't be fetched. It contains the URL without its query, and no part of the
/// response body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentError {
    #[error("`{url}` responded with content type `{found}`, which isn't JSON")]
    ContentType { url: String, found: String },
    #[error("could not fetch `{url}`")]
    Http { url: String, source: HttpError },
    #[error("`{url}` responded with status {status}")]
    Status { url: String, status: StatusCode },
}

/// Sends a `GET` request and returns the response, regardless of its status.
pub(crate) async fn get(
    client: &dyn HttpClient,
    target: &Target,
    etag: Option<HeaderValue>,
    max_body: usize,
) -> Result<Response<Vec<u8>>, DocumentError> {
    let mut request = target.request(Vec::new());
    let json = HeaderValue::from_static("application/json, application/jwk-set+json");
    request.headers_mut().insert(ACCEPT, json);
    if let Some(etag) = etag {
        request.headers_mut().insert(IF_NONE_MATCH, etag);
    }
    fetch(client, request, max_body)
        .await
        .map_err(|source| DocumentError::Http { url: target.to_string(), source })
}

/// Returns the response if it is `200 OK` with JSON. An HTML page with status 200 is a common failure.
pub(crate) fn require_json(
    target: &Target,
    response: Response<Vec<u8>>,
) -> Result<Response<Vec<u8>>, DocumentError> {
    if response.status() != StatusCode::OK {
        return Err(DocumentError::Status { url: target.to_string(), status: response.status() });
    }
    let content_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    match content_type {
        Some(content_type) if !is_json(content_type) => Err(DocumentError::ContentType {
            url: target.to_string(),
            found: String::from_utf8_lossy(content_type).chars().take(64).collect(),
        }),
        // Plain file servers may not send a type, so the parser decides.
        _ => Ok(response),
    }
}

/// Returns whether this is the media type of JSON, or one that plain file servers use for any file.
fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
    let essence = essence.trim_ascii().to_ascii_lowercase();
    essence.ends_with(b"/json")
        || essence.ends_with(b"+json")
        || matches!(&*essence, b"text/plain" | b"application/octet-stream" | b"binary/octet-stream")
}

/// Reads a JSON object, ignoring a byte order mark (RFC 8259 §8.1). Arrays are rejected here, because serde
/// accepts an array for a struct.
pub(crate) fn read_object<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if text.trim_ascii_start().starts_with(b"{") { serde_json::from_slice(text).ok() } else { None }
}
