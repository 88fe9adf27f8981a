//! What an error body may show.

use std::{borrow::Cow, fmt, time::SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Method, uri::PathAndQuery};

use crate::{Error, credentials::without_access_token};

/// A rejected request, as the body of the rejection may show it.
pub struct Rejection<'a> {
    pub(super) error: &'a Error,
    pub(super) method: &'a Method,
    pub(super) target: Option<&'a PathAndQuery>,
    pub(super) time: SystemTime,
    /// `None` if the layer keeps none.
    pub(super) headers: Option<&'a HeaderMap>,
}

impl Rejection<'_> {
    /// Why the request is rejected.
    #[must_use]
    pub fn error(&self) -> &Error {
        self.error
    }

    /// The request's method. For HEAD it is GET: HEAD is told how long the body for GET is.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.method
    }

    /// Path and query of the request's target, without any `access_token`. In a nested router of axum's
    /// the path is whole, as the client sent it. Scheme and host are left out, which HTTP/2 has in its
    /// target and HTTP/1.1 has not: they are what the client says of the service.
    #[must_use]
    pub fn uri(&self) -> Cow<'_, str> {
        self.target.map_or(Cow::Borrowed(""), without_access_token)
    }

    /// Returns a header of the request, if the layer is configured to
    /// [keep it](crate::AuthenticateLayer::rejection_headers): such as `Accept` or a request id.
    ///
    /// Of a header with several lines, it returns the first. Values that may contain credentials are
    /// [sensitive](HeaderValue::is_sensitive).
    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.headers?.get(name)
    }

    /// When the request is rejected.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.time
    }
}

/// Shows no more of the target than [`Rejection::uri`] does.
impl fmt::Debug for Rejection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("error", self.error)
            .field("method", self.method)
            .field("uri", &self.uri())
            .field("time", &self.time)
            .field("headers", &self.headers)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::Uri;

    use super::*;
    use crate::ErrorKind;

    #[test]
    fn the_request_target_is_shown_without_origin_and_token() {
        for (uri, shown) in [
            ("/a?b=c&access_token=s3cret", "/a?b=c"),
            ("http://host/a?access_token=s3cret&b=%28c", "/a?b=%28c"),
            ("http://host", "/"),
            ("*", "*"),
            ("host:443", ""),
        ] {
            let (error, uri) = (ErrorKind::MissingCredentials.into(), uri.parse::<Uri>().unwrap());
            let (target, method) = (uri.path_and_query(), &Method::GET);
            let time = UNIX_EPOCH;
            let rejection = Rejection { error: &error, method, target, time, headers: None };
            assert_eq!(rejection.uri(), shown);
        }
    }
}
