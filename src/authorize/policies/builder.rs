//! Rows, checked against each other.

use http::Method;

use super::{
    Access, Policies, PolicyRow, pattern,
    table::Table,
    tree::{Clash, Node},
};
use crate::ConfigError;

/// [`Policies`] in the making: see [`Policies::builder`].
#[derive(Debug)]
#[must_use]
pub struct PoliciesBuilder {
    rows: Vec<(Kind, PolicyRow)>,
    unlisted: Access,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Grpc,
    Http,
}

impl PoliciesBuilder {
    pub(super) const fn new() -> Self {
        Self { rows: Vec::new(), unlisted: Access::Deny }
    }

    /// For a method of gRPC, `/package.Service/Method`, or for all those of a service that have no row of
    /// their own, `/package.Service/*`.
    pub fn grpc(self, path: impl Into<String>, access: impl Into<Access>) -> Self {
        self.row(Kind::Grpc, Some(Method::POST), path.into(), access.into())
    }

    /// For an HTTP method and a path or pattern in the form of axum's routes: `/orders`, `/orders/{id}`,
    /// `/files/{*rest}`. A row for GET is for HEAD too, unless that has its own. A WebSocket comes by GET,
    /// but over HTTP/2 by CONNECT.
    pub fn route(self, method: Method, path: impl Into<String>, access: impl Into<Access>) -> Self {
        self.row(Kind::Http, Some(method), path.into(), access.into())
    }

    /// For every method that has no row of its own at this path.
    pub fn any_method(self, path: impl Into<String>, access: impl Into<Access>) -> Self {
        self.row(Kind::Http, None, path.into(), access.into())
    }

    /// What no row is for needs authentication and nothing more. It is denied by default.
    pub fn unlisted_authenticated(mut self) -> Self {
        self.unlisted = Access::Authenticated;
        self
    }

    /// The table.
    ///
    /// # Errors
    ///
    /// For a path that isn't one, or that no request could have; for a row that repeats or contradicts
    /// another one; and for paths that differ in their spelling only. The error names the rows.
    pub fn build(self) -> Result<Policies, ConfigError> {
        let mut tree = Node::default();
        let rows = &self.rows;
        for (place, (kind, row)) in rows.iter().enumerate() {
            let wrong = |problem: String| ConfigError::new("policy", row.name(), problem);
            let inserted = match kind {
                Kind::Grpc => {
                    let pattern = pattern::grpc(&row.path).map_err(|it| wrong(it.to_owned()))?;
                    tree.insert(&pattern, row.method(), place)
                }
                Kind::Http => {
                    let pattern = pattern::http(&row.path).map_err(|it| wrong(it.to_owned()))?;
                    tree.insert(&pattern, row.method(), place)
                }
            };
            inserted.map_err(|clash| match clash {
                Clash::Same(other) => match rows.get(other) {
                    Some((_, other)) if other.access == row.access => {
                        wrong(format!("repeats `{other}`"))
                    }
                    Some((_, other)) => wrong(format!("contradicts `{other}`")),
                    None => wrong("repeats another row".to_owned()),
                },
                Clash::Spelling(other) => {
                    wrong(format!("differs from another row's `{other}` in its spelling only"))
                }
            })?;
        }
        let has_grpc_rows = self.rows.iter().any(|(kind, _)| matches!(kind, Kind::Grpc));
        let rows: Vec<_> = self.rows.into_iter().map(|(_, row)| row).collect();
        for row in &rows {
            let Some(without) = row.path.strip_suffix('/').filter(|path| !path.is_empty()) else {
                continue;
            };
            let is_its_twin = |other: &&PolicyRow| {
                other.path == without && other.method == row.method && other.access != row.access
            };
            if let Some(other) = rows.iter().find(is_its_twin) {
                let problem = format!("contradicts `{other}`, from which a slash tells it apart");
                return Err(ConfigError::new("policy", row.name(), problem));
            }
        }
        Ok(Policies::new(Table { rows, tree, unlisted: self.unlisted, has_grpc_rows }))
    }

    fn row(mut self, kind: Kind, method: Option<Method>, path: String, access: Access) -> Self {
        self.rows.push((kind, PolicyRow { method, path, access }));
        self
    }
}
