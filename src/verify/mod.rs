//! Verifiers, which turn credentials into an identity.
//!
//! [`Verify`] is the interface of all verifiers. Implement it for credentials that this crate doesn't
//! verify itself, or use [`BearerFn`] if a function is enough. [`Verification`] is the outcome, which is
//! available immediately or after some I/O.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
//! use portcullis::{BearerToken, Identity, Verify, verify::BearerFn};
//!
//! let verifier = BearerFn::new(async |token: BearerToken<'static>| {
//!     let is_known = token.as_str() == "letmein";
//!     Ok(is_known.then(|| Identity::assertion().subject("guest").build()))
//! });
//! let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer letmein"))]);
//! let identity = verifier.verify(BearerToken::from_headers(&headers)?).wait().await?;
//! assert_eq!(identity.subject(), Some("guest"));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "_remote")]
mod audience_state;
#[cfg(feature = "_remote")]
mod backoff;
#[cfg(feature = "basic")]
pub mod basic;
mod bearer_fn;
pub mod binding;
#[cfg(feature = "_remote")]
pub(crate) mod claim_findings;
#[cfg(feature = "_tokens")]
pub(crate) mod digest_hasher;
mod doctor_report;
mod explanation;
mod findings;
#[cfg(feature = "_remote")]
pub(crate) mod hint;
#[cfg(feature = "introspection")]
pub mod introspection;
#[cfg(feature = "_jwt")]
pub mod issuers;
#[cfg(feature = "_jwt")]
pub(crate) mod jwks;
#[cfg(feature = "_jwt")]
pub mod jwt;
#[cfg(feature = "own-tokens")]
pub mod own_tokens;
#[cfg(feature = "_jwt")]
mod readiness;
mod revocation;
mod revocation_checked;
#[cfg(feature = "_tokens")]
mod revocation_keys;
#[cfg(feature = "_tokens")]
mod revocation_ledger;
#[cfg(feature = "_tokens")]
mod revocation_list;
#[cfg(feature = "_tokens")]
mod revocation_readiness;
#[cfg(feature = "shared-revocations")]
mod revocation_store;
#[cfg(feature = "_tokens")]
pub(crate) mod revocations;
#[cfg(feature = "_tokens")]
mod shared_revocation;
#[cfg(feature = "_tokens")]
#[cfg_attr(not(feature = "shared-revocations"), path = "sharing_off.rs")]
mod sharing;
#[cfg(feature = "_remote")]
mod single_flight;
mod verification;
#[cfg(feature = "_jwt")]
mod work_limit;

#[cfg(feature = "_remote")]
pub use self::audience_state::{AudienceGiven, AudienceMissing};
pub(crate) use self::explanation::{explain, explained};
#[cfg(feature = "_jwt")]
#[doc(alias = "health check")]
pub use self::readiness::Readiness;
#[doc(alias = "revoke")]
pub use self::revocation::Revocation;
#[doc(alias = "revoke")]
pub use self::revocation_checked::RevocationChecked;
#[cfg(feature = "shared-revocations")]
pub use self::revocation_store::{
    FeedEvent, OutagePolicy, RevocationFeed, RevocationStore, StoreFuture,
};
#[cfg(feature = "_tokens")]
#[doc(alias("blocklist", "denylist", "logout", "revoke"))]
pub use self::revocations::Revocations;
pub(crate) use self::verification::{VerificationFuture, VerificationState};
pub use self::{
    bearer_fn::BearerFn,
    doctor_report::{DoctorFuture, DoctorReport},
    explanation::Explanation,
    findings::Findings,
    verification::{RevokeFuture, Verification, Verify},
};
#[cfg(feature = "_tokens")]
pub use self::{
    revocation_readiness::RevocationReadiness, revocations::RevocationsBuilder,
    shared_revocation::SharedRevocation,
};
