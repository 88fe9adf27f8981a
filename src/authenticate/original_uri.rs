//! The URI as the client sent it. Nested axum routers see only a part of it.

use http::{Extensions, Request, Uri};

use crate::credentials::{RequestHead, original_uri};

/// Returns the URI before a router removed a prefix, if a router has kept it.
pub(super) fn of<B>(request: &Request<B>) -> &Uri {
    RequestHead::of(request).original_uri()
}

/// Changes the URI that a router has kept, if there is one.
pub(super) fn change(extensions: &mut Extensions, change: impl FnOnce(&mut Uri)) {
    if let Some(uri) = original_uri::kept_mut(extensions) {
        change(uri);
    }
}
