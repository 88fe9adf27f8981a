//! The caller of a request, as the layer found it.

use std::sync::Arc;

use super::{Identity, LayerContext};
use crate::{Error, ErrorKind, ScopeHierarchy};

/// What [`AuthenticateLayer`](crate::AuthenticateLayer) leaves in the request's extensions. Without
/// it a guard or an extractor knows that nobody has looked at the credentials.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// Without credentials. With the context of the layer, for challenges.
    Anonymous(Option<Arc<LayerContext>>),
    Identified(Identity),
    /// Anonymous, because invalid tokens are ignored there. What needs an identity rejects with this error, so that
    /// the client learns what is wrong with its token.
    Invalid(Arc<Error>, Option<Arc<LayerContext>>),
}

impl Caller {
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
            Self::Anonymous(_) | Self::Invalid(..) => None,
            Self::Identified(identity) => Some(identity),
        }
    }

    /// A fixed word for what became of the request.
    pub(crate) const fn outcome(&self) -> &'static str {
        match self {
            Self::Anonymous(_) | Self::Invalid(..) => "anonymous",
            Self::Identified(_) => "authenticated",
        }
    }

    pub(crate) fn require_identity(&self) -> Result<&Identity, Error> {
        match self {
            Self::Identified(identity) => Ok(identity),
            Self::Anonymous(_) => Err(ErrorKind::MissingCredentials.into()),
            Self::Invalid(error, _) => Err(Error::clone(error)),
        }
    }

    /// Returns the hierarchy of the layer, if it has one.
    pub(crate) fn hierarchy(&self) -> Option<&ScopeHierarchy> {
        match self {
            Self::Anonymous(context) | Self::Invalid(_, context) => {
                context.as_ref()?.hierarchy.as_ref()
            }
            Self::Identified(identity) => identity.hierarchy(),
        }
    }
}
