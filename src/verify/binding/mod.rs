//! Proof of possession: tokens that are bound to a key of the client.
//!
//! An issuer binds a token to a key with the `cnf` claim ([RFC 7800]), so that a stolen token is useless
//! without the key. `Dpop` verifies a proof that the client signs for each request ([RFC 9449]).
//! `ClientCertificates` verifies the certificate of the client's TLS connection ([RFC 8705]).
//!
//! A layer rejects a bound token with 401 unless it is configured to verify the binding. `docs/bound-tokens.md`
//! in the repository describes when to use which, and covers public URLs, nonces, replicas, and the configuration
//! of proxies.
//!
//! ```
//! # #[cfg(all(feature = "dpop", feature = "_jwt", feature = "reqwest"))]
//! # fn main() -> Result<(), portcullis::ConfigError> {
//! use portcullis::{AuthenticateLayer, JwtVerifier, binding::Dpop};
//!
//! let verifier = JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
//! let dpop = Dpop::builder("https://api.example").build()?;
//! let layer = AuthenticateLayer::bearer(verifier).dpop(dpop);
//! # let _ = layer;
//!
//! // Proofs name URLs, so the one of the service must be absolute.
//! assert!(Dpop::builder("/orders").build().is_err());
//! # Ok(())
//! # }
//! # #[cfg(not(all(feature = "dpop", feature = "_jwt", feature = "reqwest")))]
//! # fn main() {}
//! ```
//!
//! [RFC 7800]: https://www.rfc-editor.org/rfc/rfc7800
//! [RFC 8705]: https://www.rfc-editor.org/rfc/rfc8705
//! [RFC 9449]: https://www.rfc-editor.org/rfc/rfc9449

mod bindings;
#[cfg_attr(not(feature = "client-certificates"), path = "certificate_off.rs")]
mod certificate;
#[cfg_attr(not(all(feature = "dpop", feature = "_jwt")), path = "dpop_off.rs")]
mod dpop;
mod verdict;

#[cfg(feature = "client-certificates")]
#[doc(alias("mTLS", "mutual TLS"))]
pub use self::certificate::ClientCertificates;
#[cfg(feature = "client-certificates")]
pub use self::certificate::{
    CertificateHeader, ClientCertificate, ClientCertificatesBuilder, PeerAddress,
};
#[cfg(all(feature = "dpop", feature = "_jwt"))]
#[doc(alias("proof of possession", "sender-constrained"))]
pub use self::dpop::Dpop;
#[cfg(all(feature = "dpop", feature = "_jwt"))]
pub use self::dpop::{
    DpopBuilder, MemoryReplayStore, Replay, ReplayFuture, ReplayKey, ReplayStore,
};
pub(crate) use self::{
    bindings::Bindings,
    verdict::{BindingVerdict, BoundRequest, DPOP_NONCE},
};
