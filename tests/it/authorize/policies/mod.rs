//! Policy tables: what they require for each method and path, and that they can't be bypassed.
//!
//! `requests` tests a service behind a table, `configuration` which tables can be built, and `spellings`
//! other ways to write a path.

mod configuration;
mod data;
mod forwarding;
mod requests;
mod slashes;
mod spellings;

use portcullis::Scope;

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");
