//! What the layer of a request adds to its identity.

use std::sync::Arc;

use crate::{Clock, ScopeHierarchy};

/// What an identity is compared by. Verifiers don't know it, and may be shared by layers.
#[derive(Debug)]
pub(crate) struct LayerContext {
    pub(crate) hierarchy: Option<ScopeHierarchy>,
    /// The clock by which the age of an authentication is measured.
    pub(crate) clock: Arc<dyn Clock>,
}
