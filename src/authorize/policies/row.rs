//! One row of a table.

use std::fmt;

use http::Method;

use super::Access;

/// A row of [`Policies`](crate::Policies), for documentation.
#[derive(Debug, Clone)]
pub struct PolicyRow {
    pub(super) method: Option<Method>,
    pub(super) path: String,
    /// The operations of an MCP endpoint, such as `tools/call list_orders`.
    pub(super) operation: Option<Box<str>>,
    pub(super) access: Access,
}

impl PolicyRow {
    /// The HTTP method, `POST` for gRPC; `None` for an MCP endpoint, and for those without a row of
    /// their own.
    #[must_use]
    pub fn method(&self) -> Option<&Method> {
        self.method.as_ref()
    }

    /// The path or the pattern, as it was given.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The operations of an MCP endpoint that the row is for, such as `tools/call list_orders`; `None` for other rows.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.operation.as_deref()
    }

    /// What requests must bring.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// What the row is for, such as `GET /orders/{id}`.
    pub(super) fn name(&self) -> String {
        match (&self.operation, &self.method) {
            (Some(operation), _) => format!("MCP {} {operation}", self.path),
            (None, Some(method)) => format!("{method} {}", self.path),
            (None, None) => format!("any method {}", self.path),
        }
    }
}

/// Such as `GET /orders/{id}: orders:read`.
impl fmt::Display for PolicyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.access)
    }
}
