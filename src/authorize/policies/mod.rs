//! A table of what each method and path asks for.
//!
//! `access` is what a row asks for, `pattern` and `row` are a row, `builder` checks rows against each
//! other, `tree` finds one for a path, `path` says which paths are looked up at all, `mcp` has the rows of MCP
//! endpoints, and `table` is what comes of it.

mod access;
mod builder;
mod mcp;
mod path;
mod pattern;
mod row;
mod table;
mod tree;

pub(crate) use self::table::Rule;
pub use self::{
    access::Access, builder::PoliciesBuilder, mcp::Mcp, row::PolicyRow, table::Policies,
};
