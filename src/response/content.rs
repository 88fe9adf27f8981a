//! A body with its media type.

use http::HeaderValue;

/// A body with its media type, as returned by the closure of [`ErrorBody::custom`](crate::ErrorBody::custom).
///
/// ```
/// use http::HeaderValue;
/// use portcullis::{ErrorBody, response::Content};
///
/// let xml = HeaderValue::from_static("application/xml");
/// let body = ErrorBody::custom(move |_rejection| Content::new(xml.clone(), "<error/>"));
/// assert_eq!(format!("{body:?}"), "ErrorBody(custom)");
/// ```
#[derive(Debug, Clone)]
pub struct Content {
    /// `None` only without bytes.
    pub(super) content_type: Option<HeaderValue>,
    pub(super) bytes: Vec<u8>,
}

impl Content {
    /// Creates a body with the media type `content_type`.
    #[must_use]
    pub fn new(content_type: HeaderValue, bytes: impl Into<Vec<u8>>) -> Self {
        Self { content_type: Some(content_type), bytes: bytes.into() }
    }

    pub(super) const fn empty() -> Self {
        Self { content_type: None, bytes: Vec::new() }
    }

    /// Creates a body with the media type `application/json`. `text` has to be valid JSON.
    #[must_use]
    pub fn json(text: impl Into<Vec<u8>>) -> Self {
        Self::new(HeaderValue::from_static("application/json"), text)
    }

    /// Creates a body with the media type `text/plain; charset=utf-8`.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(HeaderValue::from_static("text/plain; charset=utf-8"), text.into())
    }
}
