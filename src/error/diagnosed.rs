//! The source of an error with a diagnosis.

use std::{error::Error, fmt, sync::Arc};

use super::diagnosis::Diagnosis;

pub(super) type Source = Arc<dyn Error + Send + Sync>;

/// A diagnosis and the actual source, stored in place of the source. An error without a diagnosis is therefore no
/// larger.
#[derive(Debug)]
pub(super) struct Diagnosed {
    pub(super) diagnosis: Diagnosis,
    pub(super) source: Option<Source>,
}

/// Never shown, because the error returns the actual source.
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
