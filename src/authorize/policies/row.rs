//! One row of a table.

use std::fmt;

use http::Method;

use super::Access;

/// A row of [`Policies`](crate::Policies), for documentation.
#[derive(Debug, Clone)]
pub struct PolicyRow {
    pub(super) method: Option<Method>,
    pub(super) path: String,
    pub(super) access: Access,
}

impl PolicyRow {
    /// The HTTP method, `POST` for gRPC; `None` for those without a row of their own.
    #[must_use]
    pub fn method(&self) -> Option<&Method> {
        self.method.as_ref()
    }

    /// The path or the pattern, as it was given.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What requests must bring.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// What the row is for, such as `GET /orders/{id}`.
    pub(super) fn name(&self) -> String {
        match &self.method {
            Some(method) => format!("{method} {}", self.path),
            None => format!("any method {}", self.path),
        }
    }
}

/// Such as `GET /orders/{id}: orders:read`.
impl fmt::Display for PolicyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.access)
    }
}
