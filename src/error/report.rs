//! Formats errors for logs.

use std::{error::Error, fmt};

use crate::url::redact;

/// An error and its sources, in one line. URLs are shown without user name, query and fragment.
pub(crate) struct Report<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error) = self;
        f.write_str(&redact(&error.to_string()))?;
        match error.source() {
            Some(cause) => write!(f, ": {}", Report(cause)),
            None => Ok(()),
        }
    }
}

/// A failure that may affect many requests, such as that of an endpoint. It is logged where it occurs, at a limited
/// rate, so a request that is rejected because of it is logged only at `DEBUG`.
#[derive(Debug)]
pub(crate) struct SharedFailure(Box<dyn Error + Send + Sync>);

impl SharedFailure {
    pub(crate) fn new(failure: impl Error + Send + Sync + 'static) -> Self {
        Self(Box::new(failure))
    }
}

impl fmt::Display for SharedFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for SharedFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
