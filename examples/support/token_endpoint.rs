//! The answers of a token endpoint (RFC 6749 §5).

use axum::{
    Json,
    http::{StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
};
use portcullis::{Error, ErrorKind};
use serde_json::{Value, json};

/// A good answer, which nobody on the way shall keep (RFC 6749 §5.1).
pub(crate) fn token_answer(body: Value) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Why there is no token (RFC 6749 §5.2). A client that isn't who it says is refused before, by the
/// layer.
pub(crate) enum TokenError {
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    UnauthorizedClient,
    UnsupportedGrantType,
    /// Too many attempts, or something is out of reach.
    Refused(Error),
}

impl TokenError {
    /// The user's name and password, or the refresh token, were judged with this result: wrong ones
    /// are the fault of the grant, and not of the client's own credentials.
    pub(crate) fn of_grant(error: Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidCredentials | ErrorKind::InvalidToken(_) => Self::InvalidGrant,
            ErrorKind::InvalidRequest(_) => Self::InvalidRequest,
            _ => Self::Refused(error),
        }
    }
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let code = match self {
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::Refused(error) => return error.into_response(),
        };
        let headers = [(CACHE_CONTROL, "no-store")];
        (StatusCode::BAD_REQUEST, headers, Json(json!({ "error": code }))).into_response()
    }
}
