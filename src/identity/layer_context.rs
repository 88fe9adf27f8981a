//! The configuration of the layer that an identity needs.

use std::sync::Arc;

use crate::{Clock, ScopeHierarchy};

/// The configuration of the layer with which scopes and times are compared. Verifiers may be shared by layers, so they
/// don't contain it.
#[derive(Debug)]
pub(crate) struct LayerContext {
    pub(crate) hierarchy: Option<ScopeHierarchy>,
    /// The clock with which the age of an authentication is computed.
    pub(crate) clock: Arc<dyn Clock>,
}
