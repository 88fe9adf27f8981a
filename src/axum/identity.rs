//! `Identity` as an extractor.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::{Error, Identity, identity::Caller};

/// Rejects a request without an identity with 401, and one that no
/// [`AuthenticateLayer`](crate::AuthenticateLayer) has seen with 500.
impl<S: Send + Sync> FromRequestParts<S> for Identity {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        Caller::of(&parts.extensions, "the extractor `Identity`")?.require_identity().cloned()
    }
}

/// `None` for an anonymous request that was let through.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Error> {
        let caller = Caller::of(&parts.extensions, "the extractor `Option<Identity>`")?;
        Ok(caller.identity().cloned())
    }
}
