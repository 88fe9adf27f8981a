//! Multiple issuers, each with its own rules and keys.
//!
//! [`Issuers`] dispatches each token to the verifier of its issuer. [`IssuersHandle`] replaces the issuers
//! while the service runs.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
//! use portcullis::{BearerToken, Issuers, Verify, testing::TestIssuer};
//!
//! const API: &str = "https://api.example";
//! let (staff, partners) = (TestIssuer::new(), TestIssuer::named("https://partners.example"));
//! let issuers = Issuers::builder()
//!     .trust(staff.verifier().audience(API).build()?)
//!     .trust(partners.verifier().audience(API).build()?)
//!     .build()?;
//!
//! let token = partners.token().audience(API).subject("bob").mint();
//! let mut headers = HeaderMap::new();
//! headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?);
//! let identity = issuers.verify(BearerToken::from_headers(&headers)?).wait().await?;
//! assert_eq!(identity.issuer(), Some("https://partners.example"));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//
// `dispatcher` selects the verifier of a token. `tenants` resolves issuers that match a `tenant_pattern` on first use,
// and `pending_tenant` periodically while they are used; `verified_tenants` stores those with a verified token.

mod builder;
mod dispatcher;
mod handle;
#[expect(clippy::module_inception, reason = "the file holds the type of that name")]
mod issuers;
mod pending_tenant;
mod succession;
mod tenant;
mod tenant_findings;
mod tenant_pattern;
mod tenant_resolution;
mod tenants;
mod verified_tenants;

pub(crate) use self::dispatcher::EntryName;
#[doc(alias("hot reload", "reload"))]
pub use self::handle::IssuersHandle;
#[doc(alias = "multiple issuers")]
pub use self::issuers::Issuers;
pub use self::{
    builder::IssuersBuilder, tenant::Tenant, tenant_pattern::TenantPattern,
    tenant_resolution::TenantResolution,
};
