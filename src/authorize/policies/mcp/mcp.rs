//! The requirements of an MCP endpoint.

use std::borrow::Cow;

use super::operation::NameKind;
use crate::Access;

/// The requirements of an MCP endpoint, for each tool, prompt, resource and method. See
/// [`PoliciesBuilder::mcp`](crate::policies::PoliciesBuilder::mcp).
///
/// ```
/// use portcullis::{Access, Policies, Scope, policies::Mcp};
///
/// const READ: Scope = Scope::from_static("orders:read");
/// const ADMIN: Scope = Scope::from_static("orders:admin");
///
/// let mcp = Mcp::tools([("list_orders", READ), ("execute_sql", ADMIN)])
///     .method("tools/list", Access::Anonymous)
///     .otherwise(READ);
/// let policies = Policies::builder().mcp("/mcp", mcp).build()?;
///
/// assert_eq!(policies.mcp_access("/mcp", "tools/call", Some("execute_sql")), [&ADMIN.into()]);
/// assert_eq!(policies.mcp_access("/mcp", "tools/list", None), [&Access::Anonymous]);
/// // A tool without a row has to meet the requirements of all rows.
/// assert_eq!(policies.mcp_access("/mcp", "tools/call", Some("new_tool")).len(), 4);
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// # How the row of an operation is found
///
/// 1. The row of the name: [`tool`](Self::tool) for `tools/call`, [`prompt`](Self::prompt) for `prompts/get`,
///    [`resource`](Self::resource) for `resources/read`, `resources/subscribe` and `resources/unsubscribe`.
/// 2. The row of the [`method`](Self::method).
/// 3. If other names of this kind have rows, the requirements of all rows of the endpoint together, which is the
///    strictest requirement. This ensures that a tool that is added later isn't open by accident.
/// 4. [`otherwise`](Self::otherwise). Without it, the strictest requirement.
///
/// Names are compared byte for byte.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Mcp {
    pub(super) rows: Vec<(Target, Access)>,
    pub(super) ignores_headers: bool,
}

/// The operations that a row covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Method(String),
    Name(NameKind, String),
    Otherwise,
}

impl Target {
    /// Returns the operations as shown to operators, such as `tools/call list_orders`.
    fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Method(method) => method.clone().into(),
            Self::Name(kind, name) => format!("{} {name}", kind.method()).into(),
            Self::Otherwise => "other operations".into(),
        }
    }
}

impl Mcp {
    /// Creates an endpoint without rows. Add at least one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an endpoint with a row for each of these tools.
    pub fn tools<N: Into<String>, A: Into<Access>>(
        tools: impl IntoIterator<Item = (N, A)>,
    ) -> Self {
        tools.into_iter().fold(Self::new(), |mcp, (name, access)| mcp.tool(name, access))
    }

    /// Adds a row for calls of a tool (`tools/call`).
    pub fn tool(self, name: impl Into<String>, access: impl Into<Access>) -> Self {
        self.row(Target::Name(NameKind::Tool, name.into()), access.into())
    }

    /// Adds a row for a prompt (`prompts/get`).
    pub fn prompt(self, name: impl Into<String>, access: impl Into<Access>) -> Self {
        self.row(Target::Name(NameKind::Prompt, name.into()), access.into())
    }

    /// Adds a row for a resource (`resources/read`, `resources/subscribe`, `resources/unsubscribe`) with this exact
    /// URI.
    pub fn resource(self, uri: impl Into<String>, access: impl Into<Access>) -> Self {
        self.row(Target::Name(NameKind::Resource, uri.into()), access.into())
    }

    /// Adds a row for a method, such as `tools/list`. For a method with rows for names, such as `tools/call`, this row
    /// covers the remaining names.
    pub fn method(self, method: impl Into<String>, access: impl Into<Access>) -> Self {
        self.row(Target::Method(method.into()), access.into())
    }

    /// Adds a row for all other operations, such as `initialize`, `server/discover`, `ping` and notifications, and for
    /// HTTP methods other than `POST`, with which older clients open streams and end sessions.
    ///
    /// It doesn't cover an unlisted tool, prompt or resource if others of its kind have rows. Those have to meet the
    /// strictest requirement.
    pub fn otherwise(self, access: impl Into<Access>) -> Self {
        self.row(Target::Otherwise, access.into())
    }

    /// Ignores the headers `Mcp-Method` and `Mcp-Name`. Use it if your service doesn't compare them with the body.
    ///
    /// Any `POST` then has to meet the strictest requirement, unless bodies are read (`read_mcp_bodies`). A service
    /// that implements the specification compares the headers with the body. `rmcp` does so since version 3.
    pub fn ignore_headers(mut self) -> Self {
        self.ignores_headers = true;
        self
    }

    /// Returns the operations and the requirement of each row, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Cow<'static, str>, &Access)> {
        self.rows.iter().map(|(target, access)| (target.name(), access))
    }

    fn row(mut self, target: Target, access: Access) -> Self {
        self.rows.push((target, access));
        self
    }
}
