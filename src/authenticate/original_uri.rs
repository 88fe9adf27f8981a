//! The URI as the client sent it. Nested axum routers see only a part of it.

use http::{Extensions, Request, Uri};

use crate::credentials::RequestHead;

/// Returns the URI before a router removed a prefix, if a router has kept it.
pub(super) fn of<B>(request: &Request<B>) -> &Uri {
    RequestHead::of(request).original_uri()
}

/// Changes the URI that a router has kept, if there is one.
pub(super) fn change(extensions: &mut Extensions, change: impl FnOnce(&mut Uri)) {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = extensions.get_mut() {
        change(uri);
    }
    #[cfg(not(feature = "axum"))]
    let _ = (extensions, change);
}
