//! The fields of a rejected request in the log.

use http::Method;

use super::rejection_log::RejectionLog;

/// A rejected request, as shown in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RejectedRequest<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    /// The log of the layer.
    pub(crate) log: &'a RejectionLog,
}
