//! The credentials of a request, and what its response needs because of them.

use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{CACHE_CONTROL, SEC_WEBSOCKET_PROTOCOL},
};

use crate::{
    credentials::{Source, WEBSOCKET_PROTOCOL},
    scheme::Scheme,
};

/// The credentials that were read, valid or invalid.
#[derive(Debug, Clone, Copy)]
pub(super) struct UsedCredentials {
    pub(super) scheme: Scheme,
    pub(super) source: Source,
}

impl UsedCredentials {
    /// Keeps a response out of shared caches. They don't store responses to requests with `Authorization` (RFC 9111
    /// §3.5), but don't recognize other places.
    #[inline]
    pub(super) fn keep_private<B>(self, response: &mut Response<B>) {
        if self.source != Source::Authorization {
            self.add_private(response.status(), response.headers_mut());
        }
    }

    fn add_private(self, status: StatusCode, headers: &mut HeaderMap) {
        let is_private = match self.source {
            Source::Authorization => false,
            Source::Other => true,
            // RFC 6750 §2.3. A 304 updates the headers of what is stored (RFC 9111 §3.2).
            Source::Query => status.is_success() || status == StatusCode::NOT_MODIFIED,
        };
        if is_private && !headers.get_all(CACHE_CONTROL).iter().any(keeps_private) {
            headers.append(CACHE_CONTROL, HeaderValue::from_static("private"));
        }
    }
}

/// Chooses `bearer` for a WebSocket that offered it, unless the inner service chose another subprotocol. Browsers close
/// the connection if the server chooses none of those that they offer.
pub(super) fn choose_bearer(method: &Method, status: StatusCode, headers: &mut HeaderMap) {
    if is_open(method, status) {
        let bearer = HeaderValue::from_static(WEBSOCKET_PROTOCOL);
        headers.entry(SEC_WEBSOCKET_PROTOCOL).or_insert(bearer);
    }
}

/// Returns whether a WebSocket is open: HTTP/2 has no 101 (RFC 8441 §5).
fn is_open(method: &Method, status: StatusCode) -> bool {
    match *method {
        Method::CONNECT => status.is_success(),
        _ => status == StatusCode::SWITCHING_PROTOCOLS,
    }
}

/// Returns whether this line of `Cache-Control` keeps the whole response out of shared caches.
fn keeps_private(line: &HeaderValue) -> bool {
    let is_such = |directive: &[u8]| {
        let directive = directive.trim_ascii();
        directive.eq_ignore_ascii_case(b"private") || directive.eq_ignore_ascii_case(b"no-store")
    };
    line.as_bytes().split(|&byte| byte == b',').any(is_such)
}
