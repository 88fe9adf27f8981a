//! The caller of a request, as determined by the layer.

use std::sync::Arc;

use super::{Identity, LayerContext};
use crate::{Error, ErrorKind, scope::ScopeHierarchy};

/// The extension with which [`AuthenticateLayer`](crate::AuthenticateLayer) marks a request. If it is missing, no layer
/// ran, so guards and extractors fail closed.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// No credentials. The context of the layer is needed for challenges.
    Anonymous(Option<Arc<LayerContext>>),
    Identified(Identity),
    /// Anonymous, because the layer ignores invalid tokens for this request. Guards and extractors that need an
    /// identity reject the request with this error, so that the client learns what is wrong with its token.
    Invalid(Arc<Error>, Option<Arc<LayerContext>>),
}

impl Caller {
    /// Returns the caller of a request. If no layer ran, returns an error that names the `reader`.
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

    /// Returns the outcome of authentication, as a label of metrics.
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

    /// Returns the scope hierarchy of the layer, if it has one.
    pub(crate) fn hierarchy(&self) -> Option<&ScopeHierarchy> {
        match self {
            Self::Anonymous(context) | Self::Invalid(_, context) => {
                context.as_ref()?.hierarchy.as_ref()
            }
            Self::Identified(identity) => identity.hierarchy(),
        }
    }
}
