//! The function that signs the metadata document.

use std::{fmt, sync::Arc};

/// Creates the JWT for `signed_metadata` (RFC 9728 §2.2) from the JSON text of a document.
#[derive(Clone)]
pub(crate) struct MetadataSigner(Arc<dyn Fn(&str) -> String + Send + Sync>);

impl MetadataSigner {
    pub(super) fn new(sign: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(sign))
    }

    pub(super) fn sign(&self, document: &str) -> String {
        (self.0)(document)
    }
}

impl fmt::Debug for MetadataSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetadataSigner")
    }
}
