//! The rows of one MCP endpoint, by operation.

#[cfg(feature = "mcp")]
use std::collections::BTreeSet;
use std::{collections::HashMap, ops::Range};

use super::{Mcp, Operation, mcp::Target, operation::NameKind};

/// Finds the row of an operation. Rows are identified by their position in the table.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// The positions of all its rows. The first one is in the tree of paths.
    pub(crate) rows: Range<usize>,
    pub(crate) ignores_headers: bool,
    methods: HashMap<String, usize>,
    prompts: HashMap<String, usize>,
    resources: HashMap<String, usize>,
    tools: HashMap<String, usize>,
    otherwise: Option<usize>,
}

/// The rows that apply to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowOf {
    /// All rows of the endpoint.
    Every,
    One(usize),
}

impl Endpoint {
    /// Creates an endpoint with the rows from position `start`.
    ///
    /// # Errors
    ///
    /// Returns the positions of two rows for the same operation, or of a row with an empty name.
    pub(crate) fn new(start: usize, mcp: &Mcp) -> Result<Self, (usize, Option<usize>)> {
        let mut endpoint = Self {
            rows: start..start.saturating_add(mcp.rows.len()),
            ignores_headers: mcp.ignores_headers,
            methods: HashMap::new(),
            prompts: HashMap::new(),
            resources: HashMap::new(),
            tools: HashMap::new(),
            otherwise: None,
        };
        for (place, (target, _)) in endpoint.rows.clone().zip(&mcp.rows) {
            let other = match target {
                Target::Method(name) | Target::Name(_, name) if name.is_empty() => {
                    return Err((place, None));
                }
                Target::Method(method) => endpoint.methods.insert(method.clone(), place),
                Target::Name(kind, name) => endpoint.names_mut(*kind).insert(name.clone(), place),
                Target::Otherwise => endpoint.otherwise.replace(place),
            };
            if other.is_some() {
                return Err((place, other));
            }
        }
        Ok(endpoint)
    }

    /// Returns the rows that apply to an operation.
    pub(crate) fn row(&self, operation: &Operation<'_>) -> RowOf {
        let method = self.methods.get(&*operation.method).copied();
        let named = NameKind::of(&operation.method).map(|kind| self.names(kind));
        let row = match (named, &operation.name) {
            (Some(named), Some(name)) if !named.is_empty() => {
                named.get(&**name).copied().or(method)
            }
            // The name is unreadable, so it may be any of those that have rows.
            (Some(named), None) if !named.is_empty() => None,
            _ => return method.map_or_else(|| self.otherwise(), RowOf::One),
        };
        row.map_or(RowOf::Every, RowOf::One)
    }

    /// Returns the rows of all operations in a body. Returns `None` for all rows of the endpoint, either because an
    /// operation requires that or because the body is unreadable.
    #[cfg(feature = "mcp")]
    pub(crate) fn rows_in(&self, body: &[u8]) -> Option<BTreeSet<usize>> {
        let mut rows = Some(BTreeSet::new());
        let each = |operation: Option<Operation<'_>>| {
            let row = operation.map_or_else(|| self.otherwise(), |it| self.row(&it));
            match (row, &mut rows) {
                (RowOf::One(place), Some(rows)) => drop(rows.insert(place)),
                (RowOf::Every, _) => rows = None,
                (RowOf::One(_), None) => {}
            }
        };
        super::message::operations(body, each).ok()?;
        rows
    }

    /// Returns the rows that apply to requests without an operation.
    pub(crate) fn otherwise(&self) -> RowOf {
        self.otherwise.map_or(RowOf::Every, RowOf::One)
    }

    fn names(&self, kind: NameKind) -> &HashMap<String, usize> {
        match kind {
            NameKind::Prompt => &self.prompts,
            NameKind::Resource => &self.resources,
            NameKind::Tool => &self.tools,
        }
    }

    fn names_mut(&mut self, kind: NameKind) -> &mut HashMap<String, usize> {
        match kind {
            NameKind::Prompt => &mut self.prompts,
            NameKind::Resource => &mut self.resources,
            NameKind::Tool => &mut self.tools,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Access;

    fn operation<'a>(method: &'a str, name: Option<&'a str>) -> Operation<'a> {
        Operation { method: method.into(), name: name.map(Into::into) }
    }

    #[test]
    fn the_most_specific_row_is_found() {
        let any = Access::Authenticated;
        let mcp = Mcp::tools([("a", any.clone()), ("b", any.clone())])
            .method("tools/list", any.clone())
            .resource("file:///x", any.clone())
            .method("resources/read", any.clone())
            .otherwise(any.clone());
        let endpoint = Endpoint::new(10, &mcp).unwrap();
        assert_eq!(endpoint.rows, 10..16);
        let (one, every) = (RowOf::One, RowOf::Every);
        for (method, name, row) in [
            ("tools/call", Some("a"), one(10)),
            ("tools/call", Some("b"), one(11)),
            ("tools/call", Some("A"), every),
            ("tools/call", Some(""), every),
            ("tools/call", None, every),
            ("tools/list", None, one(12)),
            ("tools/list", Some("a"), one(12)),
            ("Tools/call", Some("a"), one(15)),
            ("resources/read", Some("file:///x"), one(13)),
            ("resources/subscribe", Some("file:///x"), one(13)),
            ("resources/unsubscribe", Some("file:///x"), one(13)),
            // The row of the method covers other names, but not an unreadable one.
            ("resources/read", Some("file:///y"), one(14)),
            ("resources/read", None, every),
            ("resources/subscribe", Some("file:///y"), every),
            ("prompts/get", Some("a"), one(15)),
            ("prompts/get", None, one(15)),
            ("initialize", None, one(15)),
            ("", None, one(15)),
        ] {
            assert_eq!(endpoint.row(&operation(method, name)), row, "{method} {name:?}");
        }
        assert_eq!(endpoint.otherwise(), one(15));
    }

    #[test]
    fn without_a_row_for_the_rest_it_needs_every_row() {
        let endpoint = Endpoint::new(0, &Mcp::tools([("a", Access::Anonymous)])).unwrap();
        assert_eq!(endpoint.row(&operation("initialize", None)), RowOf::Every);
        assert_eq!(endpoint.otherwise(), RowOf::Every);
    }
}
