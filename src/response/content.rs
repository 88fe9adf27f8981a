//! A body and what it is.

use http::HeaderValue;

/// A body with its media type, as a closure for [`ErrorBody::custom`](crate::ErrorBody::custom) gives it.
#[derive(Debug, Clone)]
pub struct Content {
    pub(super) content_type: HeaderValue,
    pub(super) bytes: Vec<u8>,
}

impl Content {
    /// `bytes` of the media type `content_type`.
    #[must_use]
    pub fn new(content_type: HeaderValue, bytes: impl Into<Vec<u8>>) -> Self {
        Self { content_type, bytes: bytes.into() }
    }

    /// `application/json`.
    #[must_use]
    pub fn json(text: impl Into<Vec<u8>>) -> Self {
        Self::new(HeaderValue::from_static("application/json"), text)
    }

    /// `text/plain; charset=utf-8`.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(HeaderValue::from_static("text/plain; charset=utf-8"), text.into())
    }
}
