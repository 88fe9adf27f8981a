//! Removing tokens from requests.
//!
//! A token in a URI or in the subprotocols of a WebSocket would be logged and passed on by what is inside the
//! layer. `Rejection::uri` removes it from the bodies of rejections.

use http::{Request, Uri, header::SEC_WEBSOCKET_PROTOCOL};

use super::original_uri;
use crate::credentials::{Source, websocket_without_token, without_access_token};

/// Removes the token from where inner services could log it or pass it on.
pub(super) fn remove_token<B>(request: &mut Request<B>, source: Source) {
    match source {
        Source::Header => {}
        Source::Query => {
            remove_from_uri(request.uri_mut());
            original_uri::change(request.extensions_mut(), remove_from_uri);
        }
        Source::WebSocket => {
            let protocols = websocket_without_token(request.headers());
            match protocols {
                Some(protocols) => request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocols),
                None => request.headers_mut().remove(SEC_WEBSOCKET_PROTOCOL),
            };
        }
    }
}

fn remove_from_uri(uri: &mut Uri) {
    let target = uri.path_and_query().map(without_access_token);
    let path_and_query = target.and_then(|target| target.parse().ok());
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = path_and_query;
    *uri = Uri::from_parts(parts).unwrap_or_default();
}
