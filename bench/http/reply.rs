//! What the server responds to a request.

use tonic::Code;

/// The outcome of a request. HTTP and gRPC have the same ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reply {
    /// 200, or OK.
    Accepted,
    /// 401, or UNAUTHENTICATED.
    Rejected,
    /// 503, or UNAVAILABLE, and when to retry.
    Unavailable,
    /// Another status, or none.
    Other(String),
}

impl Reply {
    pub fn of_http(status: u16, has_retry_after: bool) -> Self {
        match (status, has_retry_after) {
            (200, _) => Self::Accepted,
            (401, _) => Self::Rejected,
            (503, true) => Self::Unavailable,
            (other, _) => Self::Other(other.to_string()),
        }
    }

    pub fn of_grpc(code: Code, has_retry_after: bool) -> Self {
        match (code, has_retry_after) {
            (Code::Ok, _) => Self::Accepted,
            (Code::Unauthenticated, _) => Self::Rejected,
            (Code::Unavailable, true) => Self::Unavailable,
            (other, _) => Self::Other(format!("{other:?}")),
        }
    }
}
