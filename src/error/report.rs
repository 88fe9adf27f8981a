//! An error and its sources, in one line for the log.

use std::{error::Error, fmt};

use crate::url::redact;

/// An error and its sources, in one line. URLs in it are shown without user name, query and fragment.
pub(crate) struct WithCauses<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error) = self;
        f.write_str(&redact(&error.to_string()))?;
        match error.source() {
            Some(cause) => write!(f, ": {}", WithCauses(cause)),
            None => Ok(()),
        }
    }
}
