//! Several issuers, each with its own rules and keys.
//!
//! [`Issuers`] dispatches a token to the verifier of the issuer that it names. `tenants` resolves issuers that
//! match a pattern on first use, and `proven_tenants` keeps those with a verified token.

mod builder;
#[expect(clippy::module_inception, reason = "the file holds the type of that name")]
mod issuers;
mod proven_tenants;
mod tenants;

pub use self::{builder::IssuersBuilder, issuers::Issuers, tenants::Tenant};
