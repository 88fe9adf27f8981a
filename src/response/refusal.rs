//! What an error body may show.

use std::{borrow::Cow, fmt, time::SystemTime};

use http::{Method, Uri};

use crate::{Error, credentials::without_access_token};

/// A refused request, as the body of the refusal may show it.
pub struct Refusal<'a> {
    pub(super) error: &'a Error,
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) time: SystemTime,
}

impl Refusal<'_> {
    /// Why the request is refused.
    #[must_use]
    pub fn error(&self) -> &Error {
        self.error
    }

    /// The request's method. For HEAD it is GET: HEAD is told how long the body for GET is.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.method
    }

    /// The request's target, without any `access_token` in its query. In a nested router of axum's it is
    /// whole, as the client sent it.
    #[must_use]
    pub fn uri(&self) -> Cow<'_, str> {
        without_token(self.uri)
    }

    pub(super) fn path_and_query(&self) -> Cow<'_, str> {
        without_access_token(self.uri)
    }

    /// When the request is refused.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.time
    }
}

/// Shows no more of the target than [`Refusal::uri`] does.
impl fmt::Debug for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("error", self.error)
            .field("method", self.method)
            .field("uri", &self.uri())
            .field("time", &self.time)
            .finish()
    }
}

/// The URI with its origin where it has one, and without any token.
fn without_token(uri: &Uri) -> Cow<'_, str> {
    let path_and_query = without_access_token(uri);
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => format!("{scheme}://{authority}{path_and_query}").into(),
        (None, Some(authority)) => authority.as_str().into(),
        _ => path_and_query,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uri_is_shown_whole_but_for_a_token() {
        for (uri, shown) in [
            ("/a?b=c&access_token=s3cret", "/a?b=c"),
            ("http://host/a?access_token=s3cret&b=%28c", "http://host/a?b=%28c"),
            ("*", "*"),
            ("host:443", "host:443"),
        ] {
            assert_eq!(without_token(&uri.parse().unwrap()), shown);
        }
    }
}
