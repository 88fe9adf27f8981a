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

/// Why there is no token (RFC 6749 §5.2).
pub(crate) enum TokenError {
    /// Where no layer has judged the client's credentials before.
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    /// The service that the token is wanted for (RFC 8707 §2).
    InvalidTarget,
    UnauthorizedClient,
    UnsupportedGrantType,
    /// Too many attempts, or something is out of reach.
    Rejected(Error),
}

impl TokenError {
    /// The client's credentials were read or judged with this result.
    pub(crate) fn of_client(error: Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidCredentials
            | ErrorKind::InvalidRequest(_)
            | ErrorKind::MissingCredentials => Self::InvalidClient,
            _ => Self::Rejected(error),
        }
    }

    /// The user's name and password, or the refresh token, were judged with this result: wrong ones
    /// are the fault of the grant, and not of the client's own credentials.
    pub(crate) fn of_grant(error: Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidCredentials | ErrorKind::InvalidToken(_) => Self::InvalidGrant,
            ErrorKind::InvalidRequest(_) => Self::InvalidRequest,
            _ => Self::Rejected(error),
        }
    }
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        Self::Rejected(error)
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let code = match self {
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::Rejected(error) => return error.into_response(),
        };
        let status = match code {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        let headers = [(CACHE_CONTROL, "no-store")];
        (status, headers, Json(json!({ "error": code }))).into_response()
    }
}
