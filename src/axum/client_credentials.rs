//! The extractor for client credentials.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::{
    credentials::{ClientCredentials, CredentialsRejection},
    scheme::Scheme,
};

/// Extracts client credentials from the `Authorization` header, without verifying the secret. Needs no layer.
///
/// To also accept them in a form, use [`ClientCredentials::from_request`].
///
/// ```
/// use axum::{Router, routing::post};
/// use portcullis::credentials::ClientCredentials;
///
/// let app: Router = Router::new()
///     .route("/token", post(async |client: ClientCredentials| client.client_id().to_owned()));
/// # assert!(app.has_routes());
/// ```
impl<S: Send + Sync> FromRequestParts<S> for ClientCredentials {
    type Rejection = CredentialsRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _state: &S,
    ) -> Result<Self, CredentialsRejection> {
        Self::from_headers(&parts.headers)
            .map_err(|error| CredentialsRejection::new(error, Some(Scheme::Basic)))
    }
}
