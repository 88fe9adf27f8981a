//! Why credentials could not be read.

use std::{error::Error as StdError, fmt};

use crate::{Error, error::RequestFault, scheme::Scheme};

/// An error about credentials, with their scheme.
///
/// This is the rejection of the axum extractors of credentials. As a response, it has a challenge for their schemes.
#[derive(Debug, Clone)]
pub struct CredentialsRejection {
    pub(crate) error: Error,
    /// `None` if the scheme is unknown.
    pub(crate) scheme: Option<Scheme>,
}

impl CredentialsRejection {
    pub(crate) const fn new(error: Error, scheme: Option<Scheme>) -> Self {
        Self { error, scheme }
    }

    /// `None`, because two credentials in one line may have two schemes.
    pub(super) fn of_fault(fault: RequestFault, scheme: Option<Scheme>) -> Self {
        Self::new(fault.into(), scheme.filter(|_| fault != RequestFault::Repeated))
    }

    /// Returns the error.
    #[must_use]
    pub const fn error(&self) -> &Error {
        &self.error
    }
}

impl From<Error> for CredentialsRejection {
    fn from(error: Error) -> Self {
        Self::new(error, None)
    }
}

impl From<RequestFault> for CredentialsRejection {
    fn from(fault: RequestFault) -> Self {
        Self::new(fault.into(), None)
    }
}

impl From<CredentialsRejection> for Error {
    fn from(rejection: CredentialsRejection) -> Self {
        rejection.error
    }
}

impl fmt::Display for CredentialsRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl StdError for CredentialsRejection {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}
