//! What the layer found out about a request.

use super::Identity;
use crate::{Error, ErrorKind};

/// What [`AuthenticateLayer`](crate::AuthenticateLayer) leaves in the request's extensions. Without
/// it a guard or an extractor knows that nobody has looked at the credentials.
#[derive(Debug, Clone)]
pub(crate) enum Authentication {
    Anonymous,
    Identified(Identity),
}

impl Authentication {
    /// Returns what the layer found. Without a layer outside, returns an error that names the `reader`.
    pub(crate) fn of<'a>(
        extensions: &'a http::Extensions,
        reader: &'static str,
    ) -> Result<&'a Self, Error> {
        extensions.get().ok_or_else(|| {
            Error::misconfigured(format!("{reader} needs an AuthenticateLayer outside it"))
        })
    }

    pub(crate) fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Anonymous => None,
            Self::Identified(identity) => Some(identity),
        }
    }

    /// A fixed word for what became of the request.
    pub(crate) const fn outcome(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Identified(_) => "authenticated",
        }
    }

    pub(crate) fn require_identity(&self) -> Result<&Identity, Error> {
        self.identity().ok_or_else(|| ErrorKind::MissingCredentials.into())
    }
}
