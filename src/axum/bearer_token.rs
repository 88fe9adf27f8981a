//! The extractor for Bearer tokens.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{header::AUTHORIZATION, request::Parts};

use crate::{BearerToken, Error, ErrorKind};

/// Extracts the Bearer token without verifying it. Needs no layer.
///
/// ```
/// use axum::{Router, routing::get};
/// use portcullis::BearerToken;
///
/// let app: Router = Router::new()
///     .route("/", get(async |token: BearerToken<'static>| token.as_str().len().to_string()));
/// # assert!(app.has_routes());
/// ```
impl<S: Send + Sync> FromRequestParts<S> for BearerToken<'static> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        BearerToken::from_headers(&parts.headers).map(BearerToken::into_owned)
    }
}

/// Extracts `None` if the request has no Bearer token. A malformed one is rejected.
impl<S: Send + Sync> OptionalFromRequestParts<S> for BearerToken<'static> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Error> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Ok(None);
        }
        match BearerToken::from_headers(&parts.headers) {
            Ok(token) => Ok(Some(token.into_owned())),
            Err(error) if error.kind() == ErrorKind::MissingCredentials => Ok(None),
            Err(error) => Err(error),
        }
    }
}
