//! What each request must bring.

use std::{collections::BTreeSet, fmt, sync::Arc};

use http::Method;

use super::{
    Access, PoliciesBuilder, PolicyRow,
    path::{is_normal, is_unambiguous},
    tree::Node,
};
use crate::{Error, Identity, Scope, ScopePolicy};

/// A table of what each method and path asks for, for a whole service: of axum, of tonic, or both.
///
/// Given to [`AuthenticateLayer::policies`](crate::AuthenticateLayer::policies), which then lets
/// through what the table allows and nothing else. What no row is for is denied.
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
/// As axum's router finds a route: byte by byte, and the most particular one first: `/orders/new`
/// before `/orders/{id}` before `/orders/{*rest}`. A path whose row has none for the method is not
/// listed. The path is the one that the layer sees: in a router that is nested in another one, the rest
/// of it.
///
/// A path that could be read in another way is denied, whatever the rows say: with empty or dot
/// segments, with percent-encoded letters, digits, slashes or control characters, encoded twice, or not
/// UTF-8. So is one that differs from a row by its case, its encoding or a slash at its end only: where
/// `/orders/new` has a row, `/orders/New` is no `/orders/{id}`. `/docs/` needs a row of its own, and
/// `{*rest}` is no directory.
///
/// This is about handlers in this process. If the service forwards requests to other servers, see
/// [`PoliciesBuilder::forwarding`].
#[derive(Clone)]
pub struct Policies(Arc<Table>);

/// The rows, as the builder has validated them.
pub(super) struct Table {
    pub(super) rows: Vec<PolicyRow>,
    pub(super) tree: Node,
    pub(super) unlisted: Access,
    /// Whether the paths are also read by other servers.
    pub(super) forwarding: bool,
    pub(super) has_grpc_rows: bool,
}

/// What was found for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The row at this place.
    Row(usize),
    Unlisted,
    /// The path could be read in another way.
    Unclear,
}

impl Policies {
    /// A table without rows, which denies everything.
    pub const fn builder() -> PoliciesBuilder {
        PoliciesBuilder::new()
    }

    pub(super) fn new(table: Table) -> Self {
        Self(Arc::new(table))
    }

    /// What a request must bring, for tests and for documentation.
    #[must_use]
    pub fn access(&self, method: &Method, path: &str) -> &Access {
        self.access_of(self.find(method, path))
    }

    /// The rows, in the order in which they were given.
    #[must_use]
    pub fn rows(&self) -> &[PolicyRow] {
        &self.0.rows
    }

    /// Every scope that a row names, once and in order: what clients may need to ask for.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        let policies = self.0.rows.iter().filter_map(|row| row.access.scopes());
        policies.flat_map(ScopePolicy::scopes).collect::<BTreeSet<_>>().into_iter()
    }

    /// Returns what is required where no row applies.
    pub(crate) fn unlisted(&self) -> &Access {
        &self.0.unlisted
    }

    /// Returns whether a row is for gRPC methods.
    pub(crate) fn has_grpc_rows(&self) -> bool {
        self.0.has_grpc_rows
    }

    /// Returns the row of a request as text, for operators.
    pub(crate) fn describe(&self, rule: Rule) -> String {
        match rule {
            Rule::Row(place) => self.0.rows.get(place).map(ToString::to_string).unwrap_or_default(),
            Rule::Unlisted => format!("all else: {}", self.0.unlisted),
            Rule::Unclear => "denied".to_owned(),
        }
    }

    pub(crate) fn find(&self, method: &Method, path: &str) -> Rule {
        if !is_normal(path) || (self.0.forwarding && !is_unambiguous(path)) {
            return Rule::Unclear;
        }
        let mut segments = path.split('/');
        // What stands before the first slash.
        segments.next();
        match self.0.tree.find(segments, !path.ends_with('/')) {
            Ok(Some(leaf)) => leaf.row(method).map_or(Rule::Unlisted, Rule::Row),
            Ok(None) => Rule::Unlisted,
            Err(_) => Rule::Unclear,
        }
    }

    /// Whether a request needs no credentials.
    pub(crate) fn is_open(&self, rule: Rule) -> bool {
        matches!(self.access_of(rule), Access::Anonymous | Access::DangerouslyAnonymous)
    }

    /// Returns whether a request with an invalid token counts as anonymous.
    pub(crate) fn ignores_invalid_tokens(&self, rule: Rule) -> bool {
        *self.access_of(rule) == Access::DangerouslyAnonymous
    }

    /// Whether whoever makes a request may.
    pub(crate) fn judge(&self, rule: Rule, identity: &Identity) -> Result<(), Error> {
        match self.access_of(rule) {
            Access::Anonymous | Access::Authenticated | Access::DangerouslyAnonymous => Ok(()),
            Access::Deny => Err(Error::access_denied().with_source(match rule {
                Rule::Row(_) => "a policy denies this method and path",
                Rule::Unlisted => "no policy is for this method and path",
                Rule::Unclear => "the path could be read in another way",
            })),
            Access::Scopes(policy) => identity.require_ref(policy),
            Access::Requirements(requirements) => requirements.check(identity),
        }
    }

    fn access_of(&self, rule: Rule) -> &Access {
        match rule {
            Rule::Row(place) => self.0.rows.get(place).map_or(&Access::Deny, PolicyRow::access),
            Rule::Unlisted => &self.0.unlisted,
            Rule::Unclear => &Access::Deny,
        }
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

/// For people: a line for each row, and one for what isn't listed.
impl fmt::Display for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.0.rows {
            writeln!(f, "{row}")?;
        }
        write!(f, "all else: {}", self.0.unlisted)
    }
}
