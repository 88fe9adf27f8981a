//! The credentials that a request was authenticated by, once they have been read.

use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{CACHE_CONTROL, SEC_WEBSOCKET_PROTOCOL},
};

use crate::{
    credentials::{Source, WEBSOCKET_PROTOCOL},
    scheme::Scheme,
};

/// How the request was authenticated, or tried to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct UsedCredentials {
    pub(super) scheme: Scheme,
    pub(super) source: Source,
}

impl UsedCredentials {
    /// Adds the headers that a response needs because of where its token was.
    pub(super) fn finish<B>(self, method: &Method, response: &mut Response<B>) {
        let (status, headers) = (response.status(), response.headers_mut());
        match self.source {
            // RFC 6750 §2.3.
            Source::Query
                if status.is_success()
                    && !headers.get_all(CACHE_CONTROL).iter().any(keeps_private) =>
            {
                headers.append(CACHE_CONTROL, HeaderValue::from_static("private"));
            }
            // A browser gives up if none of the subprotocols that it offers is chosen.
            Source::WebSocket if is_open(method, status) => {
                let bearer = HeaderValue::from_static(WEBSOCKET_PROTOCOL);
                headers.entry(SEC_WEBSOCKET_PROTOCOL).or_insert(bearer);
            }
            _ => {}
        }
    }
}

/// Whether a WebSocket is open: HTTP/2 has no 101 (RFC 8441 §5).
fn is_open(method: &Method, status: StatusCode) -> bool {
    match *method {
        Method::CONNECT => status.is_success(),
        _ => status == StatusCode::SWITCHING_PROTOCOLS,
    }
}

/// Whether this line of `Cache-Control` keeps the whole response out of shared caches.
fn keeps_private(line: &HeaderValue) -> bool {
    let is_such = |directive: &[u8]| {
        let directive = directive.trim_ascii();
        directive.eq_ignore_ascii_case(b"private") || directive.eq_ignore_ascii_case(b"no-store")
    };
    line.as_bytes().split(|&byte| byte == b',').any(is_such)
}
