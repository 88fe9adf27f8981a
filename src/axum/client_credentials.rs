//! `ClientCredentials` as an extractor.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::{ClientCredentials, credentials::CredentialsRejection, scheme::Scheme};

/// From the `Authorization` header alone, as clients should send them: for those who take them from a
/// form too, there is [`ClientCredentials::from_request`]. Needs no layer; the secret isn't verified.
///
/// ```
/// use axum::{Router, routing::post};
/// use portcullis::ClientCredentials;
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
