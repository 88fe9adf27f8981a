//! The responses of a token endpoint (RFC 6749 §5).

use axum::{
    Json,
    http::{StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
};
use portcullis::{Error, ErrorKind};
use serde_json::{Value, json};

/// A successful response, which must not be stored (RFC 6749 §5.1).
pub(crate) fn token_answer(body: Value) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// The reason why no token is issued (RFC 6749 §5.2).
pub(crate) enum TokenError {
    /// For endpoints where no layer has verified the client's credentials.
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    /// The service that the token is requested for (RFC 8707 §2).
    InvalidTarget,
    UnauthorizedClient,
    UnsupportedGrantType,
    /// Too many attempts, or a dependency is unreachable.
    Rejected(Error),
}

impl TokenError {
    /// Converts the rejection of a client's credentials.
    pub(crate) fn of_client(error: Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidCredentials
            | ErrorKind::InvalidRequest(_)
            | ErrorKind::MissingCredentials => Self::InvalidClient,
            _ => Self::Rejected(error),
        }
    }

    /// Converts the rejection of a user's credentials or of a refresh token, which make the grant invalid, but not the
    /// credentials of the client.
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
