//! Claims as an extractor.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{Error, identity::Authentication};

/// Extracts the token's claims as a type of your own. They are read once for each token and
/// remembered with the identity.
///
/// ```
/// use axum::{Router, routing::get};
/// use portcullis::Claims;
///
/// #[derive(serde::Deserialize)]
/// struct Tenant {
///     tenant_id: String,
/// }
///
/// async fn tenant(Claims(tenant): Claims<Tenant>) -> String {
///     tenant.tenant_id.clone()
/// }
///
/// let app: Router = Router::new().route("/tenant", get(tenant));
/// # assert!(app.has_routes());
/// ```
///
/// Rejects as [`Identity`](crate::Identity) does, and with 401 `invalid_token` if the claims aren't
/// of that type.
#[derive(Debug)]
pub struct Claims<T>(pub Arc<T>);

impl<T> Clone for Claims<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Claims<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T, S> FromRequestParts<S> for Claims<T>
where
    T: DeserializeOwned + Send + Sync + 'static,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let authentication = Authentication::of(&parts.extensions, "the extractor `Claims`")?;
        authentication.require_identity()?.claims().map(Self)
    }
}
