//! The configuration of the layer that an identity needs.

use std::sync::Arc;

use crate::{Clock, error::subject_field::SubjectField, scope::ScopeHierarchy};

/// The configuration of the layer with which scopes and times are compared, and the form in which rejections show
/// subjects. Verifiers may be shared by layers, so they don't contain it.
#[derive(Debug)]
pub(crate) struct LayerContext {
    pub(crate) hierarchy: Option<ScopeHierarchy>,
    /// The clock with which the age of an authentication is computed.
    pub(crate) clock: Arc<dyn Clock>,
    /// The form of subjects in diagnoses, if they are shown.
    pub(crate) subjects: Option<Arc<SubjectField>>,
}
