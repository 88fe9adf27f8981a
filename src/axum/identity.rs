//! The extractor for identities.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::{Error, Identity, identity::Caller};

/// Extracts the identity of the caller. Rejects an anonymous request with 401. If no
/// [`AuthenticateLayer`](crate::AuthenticateLayer) ran, rejects with 500.
impl<S: Send + Sync> FromRequestParts<S> for Identity {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        Caller::of(&parts.extensions, "the extractor `Identity`")?.require_identity().cloned()
    }
}

/// Extracts `None` for an anonymous request.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Error> {
        let caller = Caller::of(&parts.extensions, "the extractor `Option<Identity>`")?;
        Ok(caller.identity().cloned())
    }
}
