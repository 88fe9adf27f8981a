//! Why an introspection brought no verdict.

use std::{sync::Arc, time::Duration};

use http::StatusCode;

use super::answer::AnswerFault;
use crate::{
    Error, ErrorKind, TokenFault,
    http_client::{HttpError, metadata::MetadataError},
};

/// How long a caller is asked to wait where nobody knows better.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why an introspection brought no verdict. It names the address, and nothing of the token, of our
/// credentials or of the answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum IntrospectionError {
    #[error("`{url}` gave an answer that can't be used: {fault}")]
    Answer { url: String, fault: AnswerFault },
    #[error("no more than {max} introspections run at the same time")]
    Busy { max: usize },
    #[error("`{url}` refuses the credentials of this service (status {status})")]
    Credentials { url: String, status: StatusCode },
    #[error("the introspection endpoint is not known")]
    Discovery { source: Arc<MetadataError>, retry_after: Duration },
    #[error("the introspection was given up")]
    GivenUp,
    #[error("asking `{url}` failed")]
    Http { url: String, source: HttpError },
    #[error("the keys for the signed answer of `{url}` are not there")]
    Keys { url: String, source: Error },
    #[error("`{url}` gave a plain answer where a signed one is needed")]
    NotSigned { url: String },
    #[error("`{url}` gave a signed answer that is not good: {reason}")]
    Signed { url: String, reason: &'static str },
    #[error("`{url}` answered with status {status}")]
    Status { url: String, status: StatusCode, retry_after: Option<Duration> },
    #[error("`{url}` answered in an encoding that is not UTF-8")]
    Utf8 { url: String },
}

impl IntrospectionError {
    /// Why a signed answer can't be used. What kept us from keys is told apart from what is wrong with
    /// the answer.
    pub(super) fn signed(url: String, source: Error) -> Self {
        match source.kind() {
            kind @ ErrorKind::InvalidToken(fault) => {
                let reason = match fault {
                    TokenFault::Audience => "it is meant for another client",
                    TokenFault::Issuer => "it comes from another issuer",
                    TokenFault::Type => "its `typ` is not `token-introspection+jwt`",
                    _ => kind.reason(),
                };
                Self::Signed { url, reason }
            }
            _ => Self::Keys { url, source },
        }
    }

    /// Whether the endpoint may have moved.
    pub(super) fn may_have_moved(&self) -> bool {
        match self {
            Self::Http { source, .. } => matches!(source, HttpError::Transport(_)),
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
        let retry_after = match &error {
            IntrospectionError::Credentials { .. } => return Self::misconfigured(error),
            IntrospectionError::Keys { source, .. } => source.retry_after(),
            IntrospectionError::Discovery { retry_after, .. } => Some(*retry_after),
            IntrospectionError::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        Self::unavailable(error).with_retry_after(retry_after.unwrap_or(RETRY_AFTER))
    }
}
