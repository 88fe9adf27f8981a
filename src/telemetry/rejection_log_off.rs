//! The no-op log of a layer, without the `tracing` feature.

#[derive(Debug, Default)]
pub(crate) struct RejectionLog;
