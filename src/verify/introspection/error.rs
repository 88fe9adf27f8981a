//! The errors of an introspection: failures of the endpoint or of this service, never of the token.

use std::{sync::Arc, time::Duration};

use http::StatusCode;

use super::{client_assertion::AssertionError, permits::Busy, response::ResponseFault};
use crate::{
    Error, ErrorKind,
    error::{SharedFailure, TokenFault, retry_after},
    http_client::{HttpError, metadata::MetadataError},
};

/// The reason why an introspection failed. It names the endpoint, and contains no part of the
/// token, of the credentials of this service, or of the response.
#[derive(Debug, thiserror::Error)]
pub(super) enum IntrospectionError {
    #[error("the introspection timed out or was aborted")]
    Aborted,
    #[error(transparent)]
    Assertion(#[from] AssertionError),
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error("`{url}` responded with content type `{found}`, expected `{expected}`")]
    ContentType { url: String, found: String, expected: &'static str },
    #[error("`{url}` rejected the credentials of this service (status {status}){hint}")]
    Credentials { url: String, status: StatusCode, hint: &'static str },
    #[error("could not discover the introspection endpoint")]
    Discovery { source: Arc<MetadataError>, retry_after: Duration },
    #[error("the request to `{url}` failed")]
    Http { url: String, source: HttpError },
    #[error("could not get the keys for the signed response of `{url}`")]
    Keys { url: String, source: Error },
    #[error("`{url}` sent an unsigned response, but signed responses are required")]
    NotSigned { url: String },
    #[error("`{url}` sent an invalid introspection response: {fault}")]
    Response { url: String, fault: ResponseFault },
    #[error("`{url}` sent an invalid signed response: {reason}")]
    Signed { url: String, reason: &'static str },
    #[error("`{url}` responded with status {status}")]
    Status { url: String, status: StatusCode, retry_after: Option<Duration> },
    #[error("`{url}` sent a response that is not UTF-8")]
    Utf8 { url: String },
}

impl IntrospectionError {
    /// Converts the error of verifying a signed response. Distinguishes missing keys from an invalid
    /// response.
    pub(super) fn signed(url: String, source: Error) -> Self {
        match source.kind() {
            kind @ ErrorKind::InvalidToken(fault) => {
                let reason = match fault {
                    TokenFault::Algorithm => "its signature algorithm isn't accepted",
                    TokenFault::Audience => "`aud` names another client",
                    TokenFault::Claims => "a claim is missing or malformed",
                    TokenFault::Expired => "it is too old (`iat`) or has expired (`exp`)",
                    TokenFault::Issuer => "`iss` names another issuer",
                    TokenFault::Malformed => "it isn't a JWT",
                    TokenFault::NotYetValid => "`iat` or `nbf` is in the future",
                    TokenFault::Signature => "its signature is invalid",
                    TokenFault::Type => "`typ` isn't `token-introspection+jwt`",
                    TokenFault::UnknownKey => {
                        "it was signed with a key that the issuer doesn't publish"
                    }
                    _ => kind.reason(),
                };
                Self::Signed { url, reason }
            }
            _ => Self::Keys { url, source },
        }
    }

    /// Returns a name for failures that are logged together.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::Assertion(_) => "assertion",
            Self::Busy(_) => "busy",
            Self::ContentType { .. } => "content_type",
            Self::Credentials { .. } => "credentials",
            Self::Discovery { .. } => "discovery",
            Self::Http { .. } => "http",
            Self::Keys { .. } => "keys",
            Self::NotSigned { .. } => "not_signed",
            Self::Response { .. } => "response",
            Self::Signed { .. } => "signed",
            Self::Status { .. } => "status",
            Self::Utf8 { .. } => "utf8",
        }
    }

    /// Returns whether the endpoint may have moved to another URL.
    pub(super) fn may_have_moved(&self) -> bool {
        match self {
            Self::Http { source, .. } => {
                matches!(source, HttpError::ConnectionClosed(_) | HttpError::Transport(_))
            }
            Self::Status { status, .. } => {
                status.is_redirection()
                    || matches!(*status, StatusCode::NOT_FOUND | StatusCode::GONE)
            }
            _ => false,
        }
    }
}

impl From<IntrospectionError> for Error {
    fn from(error: IntrospectionError) -> Self {
        let delay = match &error {
            IntrospectionError::Assertion(_) | IntrospectionError::Credentials { .. } => {
                return Self::misconfigured(SharedFailure::new(error));
            }
            IntrospectionError::Keys { source, .. } => source.retry_after(),
            IntrospectionError::Discovery { retry_after, .. } => Some(*retry_after),
            IntrospectionError::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        Self::unavailable(SharedFailure::new(error))
            .with_retry_after(delay.unwrap_or(retry_after::SOON))
    }
}
