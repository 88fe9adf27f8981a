//! The URI that axum keeps when a nested router removes a prefix.

use axum::extract::OriginalUri;
use http::{Extensions, Uri};

/// Returns the URI before a router removed a prefix, if a router has kept it.
pub(crate) fn kept(extensions: &Extensions) -> Option<&Uri> {
    extensions.get().map(|OriginalUri(uri)| uri)
}

/// The same, to change it.
pub(crate) fn kept_mut(extensions: &mut Extensions) -> Option<&mut Uri> {
    extensions.get_mut().map(|OriginalUri(uri)| uri)
}
