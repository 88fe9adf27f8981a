//! The extractor for Basic credentials.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{header::AUTHORIZATION, request::Parts};

use crate::{BasicCredentials, ErrorKind, credentials::CredentialsRejection, scheme::Scheme};

/// Extracts Basic credentials without verifying the password. Needs no layer.
///
/// ```
/// use axum::{Router, routing::get};
/// use portcullis::BasicCredentials;
///
/// let app: Router = Router::new()
///     .route("/", get(async |user: BasicCredentials| user.user_id().to_owned()));
/// # assert!(app.has_routes());
/// ```
impl<S: Send + Sync> FromRequestParts<S> for BasicCredentials {
    type Rejection = CredentialsRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _state: &S,
    ) -> Result<Self, CredentialsRejection> {
        Self::from_headers(&parts.headers)
            .map_err(|error| CredentialsRejection::new(error, Some(Scheme::Basic)))
    }
}

/// Extracts `None` if the request has no Basic credentials. Malformed ones are rejected.
impl<S: Send + Sync> OptionalFromRequestParts<S> for BasicCredentials {
    type Rejection = CredentialsRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, CredentialsRejection> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Ok(None);
        }
        let read = <Self as FromRequestParts<S>>::from_request_parts(parts, state).await;
        match read {
            Ok(credentials) => Ok(Some(credentials)),
            Err(rejection) if rejection.error.kind() == ErrorKind::MissingCredentials => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }
}
