//! An error with all that led to it.

use std::{error::Error, fmt};

/// An error and what caused it, in one line.
pub(crate) struct WithCauses<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error) = self;
        write!(f, "{error}")?;
        match error.source() {
            Some(cause) => write!(f, ": {}", WithCauses(cause)),
            None => Ok(()),
        }
    }
}
