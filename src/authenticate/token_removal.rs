//! Removing tokens from requests before inner services see them.
//!
//! A token in a URI or in the subprotocols of a WebSocket would be logged and passed on, so it is removed, whether it
//! was used or not. Headers stay, because a service may forward them, but `Sources::mark_sensitive` marks them. Bodies
//! of rejections never show a token: see `Rejection::uri`.

use http::{HeaderMap, Request, Uri, header::SEC_WEBSOCKET_PROTOCOL};

use super::original_uri;
use crate::credentials::{Sources, websocket_without_token, without_access_token};

/// Removes tokens from the places that the layer reads. Returns whether a WebSocket offered the subprotocol `bearer`
/// with a token.
#[inline]
pub(super) fn remove_tokens<B>(request: &mut Request<B>, sources: &Sources) -> bool {
    if sources.query {
        remove_from_uri(request.uri_mut());
        original_uri::change(request.extensions_mut(), remove_from_uri);
    }
    sources.websocket && remove_from_subprotocols(request.headers_mut())
}

fn remove_from_uri(uri: &mut Uri) {
    let Some(target) = uri.path_and_query() else { return };
    let left = without_access_token(target);
    if left.len() == target.as_str().len() {
        return;
    }
    let path_and_query = left.parse().ok();
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = path_and_query;
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

fn remove_from_subprotocols(headers: &mut HeaderMap) -> bool {
    let Some(left) = websocket_without_token(headers) else { return false };
    match left.protocols {
        Some(protocols) => headers.insert(SEC_WEBSOCKET_PROTOCOL, protocols),
        None => headers.remove(SEC_WEBSOCKET_PROTOCOL),
    };
    left.has_bearer
}
