//! The information that error bodies may contain.

use std::{borrow::Cow, fmt, time::SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Method, uri::PathAndQuery};

use crate::{Error, credentials::without_access_token};

/// A rejected request, as passed to a custom [`ErrorBody`](crate::ErrorBody).
pub struct Rejection<'a> {
    pub(super) error: &'a Error,
    pub(super) method: &'a Method,
    pub(super) target: Option<&'a PathAndQuery>,
    pub(super) time: SystemTime,
    /// `None` if the layer keeps no headers.
    pub(super) headers: Option<&'a HeaderMap>,
}

impl Rejection<'_> {
    /// Returns why the request was rejected.
    #[must_use]
    pub fn error(&self) -> &Error {
        self.error
    }

    /// Returns the method of the request. For HEAD, it returns GET, because the response to HEAD has the length of the
    /// body for GET.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.method
    }

    /// Returns path and query of the request, without any `access_token`.
    ///
    /// In a nested axum router, this is the full path that the client sent. Scheme and host are left out: HTTP/1.1
    /// requests don't have them in their target, and the client controls them.
    #[must_use]
    pub fn uri(&self) -> Cow<'_, str> {
        self.target.map_or(Cow::Borrowed(""), without_access_token)
    }

    /// Returns a request header that the layer is configured to [keep](crate::AuthenticateLayer::rejection_headers),
    /// such as `Accept` or a request id.
    ///
    /// If the header has several lines, it returns the first. Values that may contain credentials are marked as
    /// [sensitive](HeaderValue::is_sensitive).
    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.headers?.get(name)
    }

    /// Returns when the request was rejected.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.time
    }
}

/// Shows only the parts of the request target that [`Rejection::uri`] returns.
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
