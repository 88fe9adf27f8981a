//! One row of a policy table.

use std::fmt;

use http::Method;

use super::Access;

/// A row of [`Policies`](crate::Policies), for documentation and tests.
#[derive(Debug, Clone)]
pub struct PolicyRow {
    pub(super) method: Option<Method>,
    pub(super) path: String,
    /// The operations of an MCP endpoint, such as `tools/call list_orders`.
    pub(super) operation: Option<Box<str>>,
    pub(super) access: Access,
}

impl PolicyRow {
    /// Returns the HTTP method, which is `POST` for gRPC. Returns `None` for a row that covers the remaining methods,
    /// and for an MCP endpoint.
    #[must_use]
    pub fn method(&self) -> Option<&Method> {
        self.method.as_ref()
    }

    /// Returns the path or the pattern, as configured.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the operations of an MCP endpoint that the row covers, such as `tools/call list_orders`. Returns `None`
    /// for other rows.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.operation.as_deref()
    }

    /// Returns who may make the request.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Returns what the row covers, such as `GET /orders/{id}`.
    pub(super) fn name(&self) -> String {
        match (&self.operation, &self.method) {
            (Some(operation), _) => format!("MCP {} {operation}", self.path),
            (None, Some(method)) => format!("{method} {}", self.path),
            (None, None) => format!("any method {}", self.path),
        }
    }
}

/// Shows the row as `GET /orders/{id}: orders:read`.
impl fmt::Display for PolicyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.access)
    }
}
