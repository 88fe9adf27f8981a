//! Builds a policy table, and checks its rows against each other.

use http::Method;

use super::{
    Access, Mcp, Policies, PolicyRow,
    mcp::Endpoint,
    path::is_unambiguous,
    pattern,
    table::Table,
    tree::{Clash, Leaf, Node},
};
use crate::ConfigError;

/// Builds [`Policies`]: see [`Policies::builder`].
#[derive(Debug)]
#[must_use]
pub struct PoliciesBuilder {
    rows: Vec<(Kind, PolicyRow)>,
    /// Each MCP endpoint, with its path and the position of its first row.
    endpoints: Vec<(usize, String, Mcp)>,
    unlisted: Access,
    forwarding: bool,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Grpc,
    Http,
    /// An operation of an MCP endpoint. The first row of each endpoint represents it in the tree.
    Mcp {
        is_first: bool,
    },
}

impl PoliciesBuilder {
    pub(super) const fn new() -> Self {
        Self { rows: Vec::new(), endpoints: Vec::new(), unlisted: Access::Deny, forwarding: false }
    }

    /// Adds a row for a gRPC method, `/package.Service/Method`, or for all remaining methods of a service,
    /// `/package.Service/*`.
    pub fn grpc(self, path: impl Into<String>, access: impl Into<Access>) -> Self {
        self.row(Kind::Grpc, Some(Method::POST), path.into(), access.into())
    }

    /// Adds a row for an HTTP method and a path.
    ///
    /// The path has the syntax of axum's routes: `/orders`, `/orders/{id}`, `/files/{*rest}`. A row for GET also
    /// applies to HEAD, unless the path has a row for HEAD. A WebSocket handshake is a GET request, but a CONNECT
    /// request over HTTP/2.
    pub fn route(self, method: Method, path: impl Into<String>, access: impl Into<Access>) -> Self {
        self.row(Kind::Http, Some(method), path.into(), access.into())
    }

    /// Adds a row for all methods that have no other row at this path.
    pub fn any_method(self, path: impl Into<String>, access: impl Into<Access>) -> Self {
        self.row(Kind::Http, None, path.into(), access.into())
    }

    /// Adds rows for the operations of an MCP endpoint (Model Context Protocol over Streamable HTTP): its tools,
    /// prompts, resources and methods.
    ///
    /// The operation of a `POST` is read from the headers `Mcp-Method` and `Mcp-Name` ([version 2026-07-28]) if the
    /// client declares that version or a later one, because the server must then compare the headers with the body. Any
    /// other `POST` has to meet the requirements of all rows of the endpoint, unless bodies are read: see
    #[cfg_attr(
        feature = "mcp",
        doc = "[`AuthenticateLayer::read_mcp_bodies`](crate::AuthenticateLayer::read_mcp_bodies)."
    )]
    #[cfg_attr(not(feature = "mcp"), doc = "`AuthenticateLayer::read_mcp_bodies` (feature `mcp`).")]
    /// Requests with other methods have to meet [`Mcp::otherwise`], unless the path has a row for the method.
    ///
    /// A table with an MCP endpoint has to deny unlisted paths, because a router that nests the endpoint also routes
    /// the paths below it there.
    ///
    /// ```
    /// use portcullis::{Access, Policies, Scope, policies::Mcp};
    ///
    /// const READ: Scope = Scope::from_static("orders:read");
    /// const ADMIN: Scope = Scope::from_static("orders:admin");
    ///
    /// let mcp = Mcp::tools([("list_orders", READ), ("execute_sql", ADMIN)])
    ///     .method("tools/list", Access::Anonymous)
    ///     .otherwise(Access::Authenticated);
    /// let policies = Policies::builder().mcp("/mcp", mcp).build()?;
    ///
    /// let rows: Vec<_> = policies.rows().iter().map(ToString::to_string).collect();
    /// assert_eq!(rows, [
    ///     "MCP /mcp tools/call list_orders: orders:read",
    ///     "MCP /mcp tools/call execute_sql: orders:admin",
    ///     "MCP /mcp tools/list: anonymous",
    ///     "MCP /mcp other operations: authenticated",
    /// ]);
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    ///
    /// [version 2026-07-28]: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
    pub fn mcp(mut self, path: impl Into<String>, mcp: Mcp) -> Self {
        let path = path.into();
        let start = self.rows.len();
        for (place, (operation, access)) in mcp.rows().enumerate() {
            let row = PolicyRow {
                method: None,
                path: path.clone(),
                operation: Some(operation.into()),
                access: access.clone(),
            };
            self.rows.push((Kind::Mcp { is_first: place == 0 }, row));
        }
        self.endpoints.push((start, path, mcp));
        self
    }

    /// Requires authentication for requests that match no row. By default, such requests are denied.
    pub fn unlisted_authenticated(mut self) -> Self {
        self.unlisted = Access::Authenticated;
        self
    }

    /// Denies every path that another server might parse differently. Off by default.
    ///
    /// Enable it in a service that forwards requests: a gateway, a reverse proxy, an `ext_authz` service.
    ///
    /// A table finds the row of a path as this process routes it, and by default denies paths that a handler in this
    /// process might read as the path of another row. The servers behind a gateway may parse differently. Some remove
    /// `;…` from each segment, some decode `%2F`, `%3B` or `%3F` and parse the path again, and some trim dots and
    /// spaces. With this option, a path is denied, regardless of the rows and also below `{*rest}`, if it contains
    ///
    /// - `;`, which also covers `..;`, or a backslash
    /// - a percent-encoded ASCII character: `%20`, `%23` (`#`), `%25` (`%`), `%2F`, `%3B`, `%3F` (`?`), `%5C` and all
    ///   others
    /// - a segment that ends with a dot or with `+`, which some read as a space
    /// - percent-encoded white space, or a non-ASCII character that looks like a delimiter (fullwidth forms, the
    ///   fraction slash, the Greek question mark and so on)
    ///
    /// The remaining characters are ASCII letters, digits, `-._~!$&'()*+,=:@`, and percent-encoded non-ASCII letters,
    /// digits and symbols.
    ///
    /// This doesn't protect against servers that treat different letters alike: that ignore case where no row has a
    /// static segment, that normalize Unicode, or that take the path or the method from a header (`X-Original-URL`,
    /// `X-HTTP-Method-Override`). Remove such headers before you forward a request, and forward the path as you
    /// received it.
    ///
    /// ```
    /// use http::Method;
    /// use portcullis::{Access, Policies};
    ///
    /// let rows = Policies::builder()
    ///     .any_method("/files/{*rest}", Access::Anonymous)
    ///     .any_method("/files/private/{*rest}", Access::Deny);
    /// let gateway = rows.forwarding().build()?;
    ///
    /// assert_eq!(*gateway.access(&Method::GET, "/files/a.txt"), Access::Anonymous);
    /// for path in ["/files/x/..;/private/a.txt", "/files/private;x=1/a.txt", "/files/private%20/a.txt"] {
    ///     assert_eq!(*gateway.access(&Method::GET, path), Access::Deny);
    /// }
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    pub fn forwarding(mut self) -> Self {
        self.forwarding = true;
        self
    }

    /// Builds the table.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] that names the rows, for
    ///
    /// - a path that is malformed, or that no request can have
    /// - a row that repeats or contradicts another one, also if their paths differ only by a trailing slash
    /// - paths that differ only in their spelling
    /// - a scope policy without scopes
    /// - requirements that can't be met, such as an empty role
    /// - an MCP endpoint without rows, or in a table with [`unlisted_authenticated`](Self::unlisted_authenticated)
    pub fn build(self) -> Result<Policies, ConfigError> {
        let mut tree = Node::default();
        let rows = &self.rows;
        let endpoints = self.endpoints.iter().map(|endpoint| self.endpoint(endpoint));
        let endpoints = endpoints.collect::<Result<Vec<_>, _>>()?;
        for (place, (kind, row)) in rows.iter().enumerate() {
            let wrong = |problem: String| ConfigError::new("policy", row.name(), problem);
            if self.forwarding && !is_unambiguous(&row.path) {
                return Err(wrong(
                    "ambiguous, so a table with `forwarding()` always denies it".to_owned(),
                ));
            }
            if matches!(&row.access, Access::Scopes(policy) if policy.is_empty()) {
                return Err(wrong("must name at least one scope".to_owned()));
            }
            if let Access::Requirements(requirements) = &row.access
                && let Some(problem) = requirements.problem()
            {
                return Err(wrong(problem));
            }
            let inserted = match kind {
                Kind::Grpc => {
                    let pattern = pattern::grpc(&row.path).map_err(|it| wrong(it.to_owned()))?;
                    tree.insert(&pattern, row.method(), place)
                }
                Kind::Mcp { is_first: false } => continue,
                Kind::Http | Kind::Mcp { is_first: true } => {
                    let pattern = pattern::http(&row.path).map_err(|it| wrong(it.to_owned()))?;
                    tree.insert(&pattern, row.method(), place)
                }
            };
            inserted.map_err(|clash| match clash {
                Clash::Same(other) => match rows.get(other) {
                    Some((_, other)) if other.access == row.access && !is_mcp(other, row) => {
                        wrong(format!("duplicate of `{other}`"))
                    }
                    Some((_, other)) => wrong(format!("conflicts with `{other}`")),
                    None => wrong("duplicate of another row".to_owned()),
                },
                Clash::Spelling(other) => wrong(format!(
                    "differs from segment `{other}` of another row only in its spelling"
                )),
            })?;
        }
        let has_grpc_rows = self.rows.iter().any(|(kind, _)| matches!(kind, Kind::Grpc));
        let rows: Vec<_> = self.rows.into_iter().map(|(_, row)| row).collect();
        tree.slash_twins(&mut |without, with| compare(&rows, &self.unlisted, without, with))?;
        Ok(Policies::new(Table {
            rows,
            tree,
            endpoints,
            unlisted: self.unlisted,
            forwarding: self.forwarding,
            has_grpc_rows,
        }))
    }

    fn endpoint(&self, (start, path, mcp): &(usize, String, Mcp)) -> Result<Endpoint, ConfigError> {
        let wrong = |problem: &str| ConfigError::new("policy", format!("MCP {path}"), problem);
        if mcp.rows().next().is_none() {
            return Err(wrong("must have at least one row"));
        }
        if self.unlisted != Access::Deny {
            let problem = "can't be combined with `unlisted_authenticated()`, because a router may also serve the \
                           endpoint at paths below it";
            return Err(wrong(problem));
        }
        Endpoint::new(*start, mcp).map_err(|(place, other)| {
            let row = |place: usize| self.rows.get(place).map(|(_, row)| row);
            let name = row(place).map_or_else(|| path.clone(), PolicyRow::name);
            let problem = match other.and_then(row) {
                Some(other) => format!("duplicates or conflicts with `{other}`"),
                None => "has an empty name".to_owned(),
            };
            ConfigError::new("policy", name, problem)
        })
    }

    fn row(mut self, kind: Kind, method: Option<Method>, path: String, access: Access) -> Self {
        self.rows.push((kind, PolicyRow { method, path, operation: None, access }));
        self
    }
}

/// Returns whether one of the rows belongs to an MCP endpoint. Such a row can't be compared by itself.
fn is_mcp(one: &PolicyRow, other: &PolicyRow) -> bool {
    one.operation.is_some() || other.operation.is_some()
}

/// Compares the rows of two patterns that differ only by a trailing slash, for each method. One handler may serve both
/// paths, so neither may allow more than the other. A method without a row is fine if it is denied there.
fn compare(
    rows: &[PolicyRow],
    unlisted: &Access,
    without: &Leaf,
    with: &Leaf,
) -> Result<(), ConfigError> {
    for method in without.methods().chain(with.methods()).map(Some).chain([None]) {
        let [one, other] = [without, with].map(|leaf| {
            let place = method.map_or(leaf.any_method(), |method| leaf.row(method));
            place.and_then(|place| rows.get(place))
        });
        let (row, problem) = match (one, other) {
            (Some(one), Some(other)) if one.access != other.access || is_mcp(one, other) => {
                let problem = match method {
                    Some(method) if one.method != other.method => {
                        format!(
                            "conflicts with `{one}` for {method}: the paths differ only by a trailing slash"
                        )
                    }
                    _ => {
                        format!("conflicts with `{one}`: the paths differ only by a trailing slash")
                    }
                };
                (other, problem)
            }
            (Some(row), None) | (None, Some(row))
                if *unlisted != Access::Deny && row.access != *unlisted =>
            {
                let method = method.map_or("other methods", Method::as_str);
                let twin = match row.path.strip_suffix('/') {
                    Some(path) => path.to_owned(),
                    None => format!("{}/", row.path),
                };
                let problem = format!(
                    "conflicts with `{method} {twin}`, which has no row and is {unlisted}: the paths differ only by a \
                     trailing slash"
                );
                (row, problem)
            }
            _ => continue,
        };
        return Err(ConfigError::new("policy", row.name(), problem));
    }
    Ok(())
}
