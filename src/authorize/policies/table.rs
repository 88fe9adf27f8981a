//! The policy table: what each request requires.

use std::{collections::BTreeSet, fmt, sync::Arc};

use http::{HeaderMap, Method, Request};

use super::{
    Access, PoliciesBuilder, PolicyRow,
    mcp::{Endpoint, Operation, RowOf},
    path::{is_normal, is_unambiguous},
    tree::Node,
};
use crate::{Error, ErrorKind, Identity, Scope, scope::ScopePolicy};
#[cfg(feature = "mcp")]
use crate::{ScopeSet, identity::Caller};

/// A policy table: who may call which method and path of a service. It works with axum, with tonic, and with both.
///
/// Pass it to [`AuthenticateLayer::policies`](crate::AuthenticateLayer::policies), which then allows only the requests
/// that the table allows. Requests that match no row are denied.
///
/// ```
/// use http::Method;
/// use portcullis::{Access, Policies, Scope};
///
/// const READ: Scope = Scope::from_static("orders:read");
/// const WRITE: Scope = Scope::from_static("orders:write");
///
/// let policies = Policies::builder()
///     .grpc("/orders.Orders/*", READ)
///     .grpc("/orders.Orders/Create", READ.and(WRITE))
///     .grpc("/grpc.health.v1.Health/*", Access::Anonymous)
///     .route(Method::GET, "/orders/{id}", READ)
///     .build()?;
///
/// assert_eq!(*policies.access(&Method::GET, "/orders/7"), READ.into());
/// assert_eq!(*policies.access(&Method::GET, "/admin"), Access::Deny);
/// assert_eq!(policies.scopes().count(), 2);
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// # How a row is found
///
/// Rows are matched like routes in axum's router: paths are compared byte for byte, and the most specific pattern wins:
/// `/orders/new` before `/orders/{id}` before `/orders/{*rest}`. If the pattern has no row for the method of the
/// request, the request is unlisted. The path is the one that the layer sees. In a router that is nested in another
/// one, this is the path without the prefix.
///
/// Ambiguous paths are always denied: with empty or dot segments, with percent-encoded letters, digits, slashes or
/// control characters, doubly encoded, or not UTF-8. Paths that differ from a row only by case, encoding or a trailing
/// slash are also denied: if `/orders/new` has a row, `/orders/New` doesn't match `/orders/{id}`. `/docs/` needs a separate
/// row, and isn't covered by `/docs/{*rest}`.
///
/// These rules are for handlers in this process. If your service forwards requests to other servers, see
/// [`PoliciesBuilder::forwarding`].
#[derive(Clone)]
pub struct Policies(Arc<Table>);

/// The validated rows.
pub(super) struct Table {
    pub(super) rows: Vec<PolicyRow>,
    pub(super) tree: Node,
    /// In the order of their rows.
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) unlisted: Access,
    /// Whether other servers read the paths too.
    pub(super) forwarding: bool,
    pub(super) has_grpc_rows: bool,
}

/// What a lookup found for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The row at this position.
    Row(usize),
    Unlisted,
    /// Nothing, because the path is ambiguous.
    Unclear,
    /// All rows of this MCP endpoint, because the operation is unknown or has no row.
    EveryOperation(usize),
    /// The rows of this MCP endpoint for the operations in the body, which an inner service reads.
    OperationsInBody(usize),
}

impl Policies {
    /// Creates a builder. A table without rows denies everything.
    pub const fn builder() -> PoliciesBuilder {
        PoliciesBuilder::new()
    }

    pub(super) fn new(table: Table) -> Self {
        Self(Arc::new(table))
    }

    /// Returns who may make a request with this method and path, for tests and documentation.
    ///
    /// For an MCP endpoint, this is [`Mcp::otherwise`](crate::policies::Mcp::otherwise), or denied if that isn't set.
    /// See [`mcp_access`](Self::mcp_access) for its operations.
    #[must_use]
    pub fn access(&self, method: &Method, path: &str) -> &Access {
        self.access_of(self.find(method, path))
    }

    /// Returns what an operation of an MCP endpoint requires, for tests and documentation. If it returns more than one
    /// requirement, all of them have to be met. Returns an empty list if there is no MCP endpoint at the path.
    ///
    /// ```
    /// use portcullis::{Access, Policies, Scope, policies::Mcp};
    ///
    /// const READ: Scope = Scope::from_static("orders:read");
    ///
    /// let mcp = Mcp::tools([("list_orders", READ)]).otherwise(Access::Authenticated);
    /// let policies = Policies::builder().mcp("/mcp", mcp).build()?;
    /// assert_eq!(policies.mcp_access("/mcp", "tools/call", Some("list_orders")), [&READ.into()]);
    /// assert_eq!(policies.mcp_access("/mcp", "ping", None), [&Access::Authenticated]);
    /// assert!(policies.mcp_access("/other", "ping", None).is_empty());
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    #[must_use]
    pub fn mcp_access(&self, path: &str, method: &str, name: Option<&str>) -> Vec<&Access> {
        let Rule::EveryOperation(place) = self.find(&Method::POST, path) else { return Vec::new() };
        let operation = Operation { method: method.into(), name: name.map(Into::into) };
        let row = self.0.endpoints.get(place).map(|endpoint| endpoint.row(&operation));
        self.rows_of(rule_of(place, row)).map(PolicyRow::access).collect()
    }

    /// Returns the rows, in the order in which they were added.
    #[must_use]
    pub fn rows(&self) -> &[PolicyRow] {
        &self.0.rows
    }

    /// Returns every scope in the table, sorted and without duplicates. These are the scopes that clients may need.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        let policies = self.0.rows.iter().filter_map(|row| row.access.scopes());
        policies.flat_map(ScopePolicy::scopes).collect::<BTreeSet<_>>().into_iter()
    }

    /// Returns what is required if no row matches.
    pub(crate) fn unlisted(&self) -> &Access {
        &self.0.unlisted
    }

    /// Returns whether a row is for gRPC methods.
    pub(crate) fn has_grpc_rows(&self) -> bool {
        self.0.has_grpc_rows
    }

    /// Returns the row that applies to a request as text, for operators.
    pub(crate) fn describe(&self, rule: Rule) -> String {
        match rule {
            Rule::Row(place) => self.0.rows.get(place).map(ToString::to_string).unwrap_or_default(),
            Rule::Unlisted => format!("unlisted: {}", self.0.unlisted),
            Rule::Unclear => "denied".to_owned(),
            Rule::EveryOperation(place) | Rule::OperationsInBody(place) => {
                let endpoint =
                    self.0.endpoints.get(place).and_then(|it| self.0.rows.get(it.rows.start));
                let path = endpoint.map_or("", PolicyRow::path);
                match rule {
                    Rule::OperationsInBody(_) => {
                        format!("MCP {path}: the rows of the operations in the body")
                    }
                    _ => format!("MCP {path}: every row"),
                }
            }
        }
    }

    /// Finds what a request requires. The operation of an MCP endpoint is read from the headers if possible. Otherwise,
    /// an inner service may read it from the body.
    pub(crate) fn find_for<B>(&self, request: &Request<B>, reads_bodies: bool) -> Rule {
        let rule = self.find(request.method(), request.uri().path());
        match rule {
            Rule::EveryOperation(place) => {
                self.find_operation(place, request.method(), request.headers(), reads_bodies)
            }
            _ => rule,
        }
    }

    fn find_operation(
        &self,
        place: usize,
        method: &Method,
        headers: &HeaderMap,
        reads_bodies: bool,
    ) -> Rule {
        let Some(endpoint) = self.0.endpoints.get(place) else { return Rule::Unclear };
        if method != Method::POST {
            return rule_of(place, Some(endpoint.otherwise()));
        }
        let operation =
            if endpoint.ignores_headers { None } else { Operation::from_headers(headers) };
        match operation {
            Some(operation) => rule_of(place, Some(endpoint.row(&operation))),
            None if reads_bodies => Rule::OperationsInBody(place),
            None => Rule::EveryOperation(place),
        }
    }

    pub(crate) fn find(&self, method: &Method, path: &str) -> Rule {
        if !is_normal(path) || (self.0.forwarding && !is_unambiguous(path)) {
            return Rule::Unclear;
        }
        let mut segments = path.split('/');
        // The text before the first slash, which is empty.
        segments.next();
        match self.0.tree.find(segments, !path.ends_with('/')) {
            Ok(Some(leaf)) => match leaf.row(method) {
                Some(place) => {
                    self.endpoint_at(place).map_or(Rule::Row(place), Rule::EveryOperation)
                }
                None => Rule::Unlisted,
            },
            Ok(None) => Rule::Unlisted,
            Err(_) => Rule::Unclear,
        }
    }

    /// Returns the MCP endpoint whose first row is at this position of the table.
    fn endpoint_at(&self, place: usize) -> Option<usize> {
        let endpoints = &self.0.endpoints;
        if endpoints.is_empty() {
            return None;
        }
        endpoints.iter().position(|endpoint| endpoint.rows.start == place)
    }

    /// Returns whether a request may have no credentials. If the operations are in the body, this isn't known yet, so
    /// it returns whether at least one of them may be anonymous.
    pub(crate) fn is_open(&self, rule: Rule) -> bool {
        match rule {
            Rule::EveryOperation(_) => self.rows_of(rule).all(|row| row.access.is_open()),
            Rule::OperationsInBody(_) => self.rows_of(rule).any(|row| row.access.is_open()),
            _ => self.access_of(rule).is_open(),
        }
    }

    /// Returns whether a request with an invalid token is treated as anonymous.
    pub(crate) fn ignores_invalid_tokens(&self, rule: Rule) -> bool {
        let ignores = |access: &Access| *access == Access::DangerouslyAnonymous;
        match rule {
            Rule::EveryOperation(_) | Rule::OperationsInBody(_) => {
                self.rows_of(rule).all(|row| ignores(&row.access))
            }
            _ => ignores(self.access_of(rule)),
        }
    }

    /// Returns the rows that a rule combines: all rows of an MCP endpoint, or at most one row otherwise.
    pub(crate) fn rows_of(&self, rule: Rule) -> impl Iterator<Item = &PolicyRow> + Clone {
        let range = match rule {
            Rule::Row(place) => place..place.saturating_add(1),
            Rule::EveryOperation(place) | Rule::OperationsInBody(place) => {
                self.0.endpoints.get(place).map_or(0..0, |endpoint| endpoint.rows.clone())
            }
            Rule::Unlisted | Rule::Unclear => 0..0,
        };
        self.0.rows.get(range).unwrap_or_default().iter()
    }

    /// Returns a rule for each MCP endpoint that combines all its rows.
    pub(crate) fn every_operation(&self) -> impl Iterator<Item = Rule> {
        (0..self.0.endpoints.len()).map(Rule::EveryOperation)
    }

    /// Returns the rule for the remaining operations of an MCP endpoint.
    pub(crate) fn otherwise_of(&self, rule: Rule) -> Rule {
        match rule {
            Rule::EveryOperation(place) | Rule::OperationsInBody(place) => {
                rule_of(place, self.0.endpoints.get(place).map(Endpoint::otherwise))
            }
            _ => rule,
        }
    }

    /// Checks whether an identity may make the request. If the operations are in the body, the service that reads it
    /// decides.
    pub(crate) fn authorize(&self, rule: Rule, identity: &Identity) -> Result<(), Error> {
        match rule {
            Rule::EveryOperation(_) => Self::authorize_all(self.rows_of(rule), identity),
            Rule::OperationsInBody(_) => Ok(()),
            _ => Self::authorize_access(rule, self.access_of(rule), identity),
        }
    }

    /// Checks whether the caller may request all operations in a body. `body` is `None` if it exceeds the size limit. A
    /// rejection names the scopes that all of the operations need.
    #[cfg(feature = "mcp")]
    pub(crate) fn authorize_body(
        &self,
        endpoint: usize,
        body: Option<&[u8]>,
        caller: &Caller,
    ) -> Result<(), Error> {
        let every = Rule::EveryOperation(endpoint);
        let places = self
            .0
            .endpoints
            .get(endpoint)
            .and_then(|endpoint| body.and_then(|body| endpoint.rows_in(body)));
        let rows: Vec<_> = match places {
            Some(places) => places.iter().filter_map(|place| self.0.rows.get(*place)).collect(),
            None => self.rows_of(every).collect(),
        };
        let rows = rows.iter().copied();
        if rows.clone().all(|row| row.access.is_open()) {
            return Ok(());
        }
        match caller.require_identity() {
            Ok(identity) => Self::authorize_all(rows, identity),
            Err(error) if rows.clone().any(|row| row.access == Access::Deny) => Err(error),
            Err(error) => {
                let hierarchy = caller.hierarchy();
                let policies = rows.filter_map(|row| row.access.scopes());
                let nearest = policies.map(|policy| policy.nearest(&ScopeSet::new(), hierarchy));
                let scopes = ScopePolicy::union(nearest, hierarchy);
                Err(if scopes.is_empty() { error } else { error.with_scope(scopes.into()) })
            }
        }
    }

    fn authorize_access(rule: Rule, access: &Access, identity: &Identity) -> Result<(), Error> {
        match access {
            Access::Anonymous | Access::Authenticated | Access::DangerouslyAnonymous => Ok(()),
            Access::Deny => Err(Error::access_denied().with_source(match rule {
                Rule::Row(_) => "a policy denies this method and path",
                Rule::Unlisted => "no policy row matches this method and path",
                Rule::EveryOperation(_) | Rule::OperationsInBody(_) => {
                    "a policy denies this MCP operation"
                }
                Rule::Unclear => "the path is ambiguous",
            })),
            Access::Scopes(policy) => identity.require_ref(policy),
            Access::Requirements(requirements) => requirements.check(identity),
        }
    }

    /// Checks the requirements of all these rows. A rejection because of scopes names those of all rows.
    fn authorize_all<'a>(
        rows: impl Iterator<Item = &'a PolicyRow> + Clone,
        identity: &Identity,
    ) -> Result<(), Error> {
        let mut is_sufficient = true;
        for row in rows.clone() {
            match Self::authorize_access(Rule::EveryOperation(0), &row.access, identity) {
                Err(error) if error.kind() == ErrorKind::InsufficientScope => is_sufficient = false,
                outcome => outcome?,
            }
        }
        if is_sufficient {
            return Ok(());
        }
        identity.require_all(rows.filter_map(|row| row.access.scopes()))
    }

    fn access_of(&self, rule: Rule) -> &Access {
        match rule {
            Rule::Row(place) => self.0.rows.get(place).map_or(&Access::Deny, PolicyRow::access),
            Rule::Unlisted => &self.0.unlisted,
            Rule::EveryOperation(_) | Rule::OperationsInBody(_) => match self.otherwise_of(rule) {
                Rule::Row(place) => self.access_of(Rule::Row(place)),
                _ => &Access::Deny,
            },
            Rule::Unclear => &Access::Deny,
        }
    }
}

/// Returns the rule for an operation of an MCP endpoint.
fn rule_of(endpoint: usize, row: Option<RowOf>) -> Rule {
    match row {
        Some(RowOf::One(place)) => Rule::Row(place),
        Some(RowOf::Every) | None => Rule::EveryOperation(endpoint),
    }
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policies")
            .field("rows", &self.0.rows)
            .field("unlisted", &self.0.unlisted)
            .finish_non_exhaustive()
    }
}

/// Shows a line for each row, and one for unlisted requests.
impl fmt::Display for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.0.rows {
            writeln!(f, "{row}")?;
        }
        write!(f, "unlisted: {}", self.0.unlisted)
    }
}
