//! The URI as the client sent it. A router of axum's that is nested in another one sees less of it.

use http::{Extensions, Request, Uri};

use crate::credentials::RequestHead;

/// The URI before any router took a prefix off, where one has kept it.
pub(super) fn of<B>(request: &Request<B>) -> &Uri {
    RequestHead::of(request).original_uri()
}

/// Changes the URI that a router has kept, where there is one.
pub(super) fn change(extensions: &mut Extensions, change: impl FnOnce(&mut Uri)) {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = extensions.get_mut() {
        change(uri);
    }
    #[cfg(not(feature = "axum"))]
    let _ = (extensions, change);
}
