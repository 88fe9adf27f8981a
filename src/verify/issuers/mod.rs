//! Several issuers, each with its own rules and keys.
//!
//! [`Issuers`] dispatches a token to the verifier of the issuer that it names.
//
// `dispatcher` decides which verifier gets a token. `tenants` resolves issuers that match a pattern on first
// use, and `verified_tenants` keeps those with a verified token.

mod builder;
mod dispatcher;
#[expect(clippy::module_inception, reason = "the file holds the type of that name")]
mod issuers;
mod tenants;
mod verified_tenants;

pub use self::{builder::IssuersBuilder, issuers::Issuers, tenants::Tenant};
