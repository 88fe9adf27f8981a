//! The source of an error that has a diagnosis.

use std::{error::Error, fmt, sync::Arc};

use super::diagnosis::Diagnosis;

pub(super) type Source = Arc<dyn Error + Send + Sync>;

/// A diagnosis in the place of a source, and the source itself. So an error without a diagnosis is no larger.
#[derive(Debug)]
pub(super) struct Diagnosed {
    pub(super) diagnosis: Diagnosis,
    pub(super) source: Option<Source>,
}

/// Nothing shows it: the error returns the source instead.
impl fmt::Display for Diagnosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.diagnosis.finding().fmt(f)
    }
}

impl Error for Diagnosed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
