//! The parts of a request that may contain credentials.

use std::fmt;

use http::{Extensions, HeaderMap, Method, Request, Uri};

use super::original_uri;

/// A request without its body, for custom sources of credentials.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    extensions: &'a Extensions,
}

impl<'a> RequestHead<'a> {
    pub(crate) fn of<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }

    /// Returns the request's method.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        self.method
    }

    /// Returns the request's target.
    #[must_use]
    pub fn uri(&self) -> &'a Uri {
        self.uri
    }

    /// Returns the request's target as the client sent it. Nested axum routers see only the rest of the path.
    pub(crate) fn original_uri(&self) -> &'a Uri {
        original_uri::kept(self.extensions).unwrap_or(self.uri)
    }

    /// Returns the request's headers.
    #[must_use]
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// Returns the request's extensions, where servers put the address of the client.
    #[must_use]
    pub fn extensions(&self) -> &'a Extensions {
        self.extensions
    }
}

/// Shows only the method, because the target and the headers may contain tokens.
impl fmt::Debug for RequestHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead").field("method", &self.method).finish_non_exhaustive()
    }
}
