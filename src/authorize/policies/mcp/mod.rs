//! Rows for the operations of an MCP endpoint.
//!
//! `mcp` is the public type, `endpoint` finds the row of an operation, `operation` reads operations from headers, and
//! `message` reads them from bodies.

mod endpoint;
#[expect(clippy::module_inception, reason = "one noun per file, and the noun is the protocol")]
mod mcp;
#[cfg(any(test, feature = "mcp"))]
mod message;
mod operation;

pub use self::mcp::Mcp;
pub(super) use self::{
    endpoint::{Endpoint, RowOf},
    operation::Operation,
};
