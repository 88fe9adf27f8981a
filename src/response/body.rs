//! What a response's body must be able to do.

/// A response body that a rejection can be written into.
///
/// The layers hand on responses of the inner service's own body type, so a request that is let
/// through pays for no wrapper. Implemented for `String` and `Vec<u8>`, for axum's body (feature
/// `axum`), and for the bodies of `http-body-util` (feature `http-body`), which also brings
/// `ResponseBody`, a wrapper for any other body.
///
/// ```
/// use portcullis::response::RejectionBody;
///
/// struct MyBody(Vec<u8>);
///
/// impl RejectionBody for MyBody {
///     fn from_bytes(bytes: Vec<u8>) -> Self {
///         Self(bytes)
///     }
/// }
/// assert_eq!(MyBody::from_bytes(b"{}".to_vec()).0, b"{}");
/// ```
#[diagnostic::on_unimplemented(
    message = "a rejection can't be written into the response body `{Self}`",
    label = "not a `RejectionBody`",
    note = "turn on the feature `axum` or `http-body`, wrap the body in `portcullis::response::ResponseBody`, or implement `portcullis::response::RejectionBody`"
)]
pub trait RejectionBody {
    /// A body of these bytes, complete.
    fn from_bytes(bytes: Vec<u8>) -> Self;
}

impl RejectionBody for Vec<u8> {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        bytes
    }
}

impl RejectionBody for String {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        // Our own bodies are UTF-8; a custom one that isn't keeps what can be shown.
        Self::from_utf8(bytes)
            .unwrap_or_else(|error| Self::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

#[cfg(feature = "axum")]
impl RejectionBody for axum::body::Body {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        Self::from(bytes)
    }
}
