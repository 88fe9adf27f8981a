//! What is logged of a request that is rejected.

use http::Method;

use super::rejection_log::RejectionLog;

/// A request that is rejected, as far as it is logged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RejectedRequest<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    /// The log of the layer.
    pub(crate) log: &'a RejectionLog,
}
