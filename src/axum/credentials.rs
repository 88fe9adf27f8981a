//! The extractor for credentials of any scheme.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::{
    ErrorKind,
    credentials::{Credentials, CredentialsRejection},
};

/// Extracts credentials without verifying them. Needs no layer.
///
/// ```
/// use axum::{Router, routing::get};
/// use portcullis::credentials::Credentials;
///
/// async fn kind(credentials: Credentials<'static>) -> &'static str {
///     match credentials {
///         Credentials::Basic(_) => "a password",
///         Credentials::Bearer(_) | Credentials::Token(_) => "a token",
///         _ => "something else",
///     }
/// }
///
/// let app: Router = Router::new().route("/", get(kind));
/// # assert!(app.has_routes());
/// ```
impl<S: Send + Sync> FromRequestParts<S> for Credentials<'static> {
    type Rejection = CredentialsRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _state: &S,
    ) -> Result<Self, CredentialsRejection> {
        Credentials::read(&parts.headers).map(Credentials::into_owned)
    }
}

/// Extracts `None` if the request has no credentials of a known scheme. Malformed ones are rejected.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Credentials<'static> {
    type Rejection = CredentialsRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, CredentialsRejection> {
        match <Self as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(credentials) => Ok(Some(credentials)),
            Err(rejection) if rejection.error.kind() == ErrorKind::MissingCredentials => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }
}
