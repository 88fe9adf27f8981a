//! Replaces `original_uri` without the `axum` feature: no router keeps the URI.

use http::{Extensions, Uri};

pub(crate) const fn kept(_extensions: &Extensions) -> Option<&Uri> {
    None
}

pub(crate) const fn kept_mut(_extensions: &mut Extensions) -> Option<&mut Uri> {
    None
}
