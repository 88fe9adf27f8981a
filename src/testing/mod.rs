//! Test utilities for services that use this crate: a mock issuer, a clock, and mock clients.
//!
//! `TestIssuer` has keys for every algorithm, mints tokens with any claims and any header, and
//! serves its keys and metadata in memory, so a test needs no socket, no network and no waiting.
//! `TestIssuer::serve` does the same on loopback. A [`TestClock`] is controlled by the test.
//!
//! [`fixed_identity`] replaces authentication in tests of a router.
//!
//! Everything except `TestClock`, `fixed_identity` and `CertificateClient` requires one of the features
//! `aws-lc-rs` and `rust-crypto`.
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use axum::{Router, routing::get};
//! use http::{Request, header::AUTHORIZATION};
//! use portcullis::{AuthenticateLayer, Identity, testing::TestIssuer};
//! use tower::ServiceExt;
//!
//! let issuer = TestIssuer::new();
//! let verifier = issuer.verifier().audience("https://api.example").build().unwrap();
//! let app: Router = Router::new()
//!     .route("/me", get(async |who: Identity| who.subject().unwrap_or_default().to_owned()))
//!     .layer(AuthenticateLayer::bearer(verifier));
//!
//! let token = issuer.token().audience("https://api.example").subject("alice").mint();
//! let request = Request::get("/me").header(AUTHORIZATION, format!("Bearer {token}"));
//! let response = app.oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
//! assert_eq!(response.status(), 200);
//! # }
//! # #[cfg(not(feature = "axum"))]
//! # fn main() {}
//! ```
//!
//! This module panics on misuse, because it is for tests. Don't use it in a service.

#![doc(alias("mock", "test"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "test code reports by panic"
)]

#[cfg(feature = "client-certificates")]
mod certificate;
mod clock;
#[cfg(all(feature = "dpop", feature = "_jwt"))]
mod dpop;
#[cfg(feature = "_jwt")]
mod endpoints;
#[cfg(feature = "_jwt")]
mod fault;
mod fixed_identity;
mod golden_file;
#[cfg(feature = "_jwt")]
mod http_client;
#[cfg(feature = "_jwt")]
mod issuer;
#[cfg(feature = "_jwt")]
mod jwt_parts;
#[cfg(feature = "_jwt")]
mod keys;
#[cfg(feature = "shared-revocations")]
mod revocation_store;
#[cfg(feature = "_jwt")]
mod server;
#[cfg(any(feature = "shared-revocations", all(feature = "dpop", feature = "_jwt")))]
mod store_checks;
#[cfg(feature = "_jwt")]
mod token;
#[cfg(feature = "_jwt")]
mod verifiers;
#[cfg(feature = "_jwt")]
mod verifying_keys;

#[cfg(feature = "client-certificates")]
pub use self::certificate::CertificateClient;
#[doc(alias("fake time", "mock"))]
pub use self::clock::TestClock;
#[cfg(all(feature = "dpop", feature = "_jwt"))]
pub use self::dpop::{DpopClient, ProofBuilder};
#[doc(alias("mock", "test"))]
pub use self::fixed_identity::fixed_identity;
pub use self::golden_file::assert_matches_file;
#[cfg(feature = "_jwt")]
#[doc(alias = "mock")]
pub use self::http_client::TestClient;
#[cfg(feature = "_jwt")]
#[doc(alias("mock", "mock issuer"))]
pub use self::issuer::TestIssuer;
#[cfg(all(feature = "dpop", feature = "_jwt"))]
pub use self::store_checks::check_replay_store;
#[cfg(feature = "_jwt")]
pub use self::{
    fault::Fault, server::ServedIssuer, token::TokenBuilder, verifying_keys::VerifyingKeys,
};
#[cfg(feature = "shared-revocations")]
pub use self::{revocation_store::MemoryRevocationStore, store_checks::check_revocation_store};
