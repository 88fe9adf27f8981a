//! The settings that all entries of a document share.

use std::sync::Arc;

use crate::{Clock, http_client::HttpClient};

/// The settings of every verifier.
pub(super) struct Environment<'a> {
    /// The audiences for entries that set none.
    pub(super) audience: Vec<&'a str>,
    pub(super) client: Option<Arc<dyn HttpClient>>,
    pub(super) clock: Arc<dyn Clock>,
}
