//! Credentials that can't be judged.

use crate::scheme::Scheme;
use crate::{Error, RequestFault};

/// Why there are no credentials to judge.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) error: Error,
    /// The scheme that was used, where that can be told.
    pub(crate) scheme: Option<Scheme>,
}

impl Unreadable {
    pub(super) fn of(fault: RequestFault, scheme: Option<Scheme>) -> Self {
        // Of two in one line neither was used more than the other.
        let scheme = scheme.filter(|_| fault != RequestFault::Repeated);
        Self { error: fault.into(), scheme }
    }
}

impl<E: Into<Error>> From<E> for Unreadable {
    fn from(error: E) -> Self {
        Self { error: error.into(), scheme: None }
    }
}
