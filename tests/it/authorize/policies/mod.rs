//! Policies: what a table asks of each method and path, and that it can't be got around.
//!
//! `requests` is what a service behind one answers, `configuration` which tables there are, `spellings`
//! what else a path could be written as.

mod configuration;
mod requests;
mod spellings;

use portcullis::Scope;

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");
