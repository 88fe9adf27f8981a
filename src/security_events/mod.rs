//! Receives events of issuers that revoke tokens: security event tokens and logout tokens.
//!
//! Without events, a token stays valid until it expires, even if the issuer disables the account or ends the session.
//! [`SecurityEvents`] receives security event tokens ([RFC 8417]) by push ([RFC 8935]), with the events of [CAEP] and
//! [RISC], and the logout tokens of [OpenID Connect Back-Channel Logout]. It verifies them with the keys of the issuer,
//! and revokes the tokens. If revocations are shared, this takes effect on every replica.
//!
//! ```
//! # #[cfg(feature = "reqwest")]
//! # fn main() -> Result<(), portcullis::ConfigError> {
//! use portcullis::{JwtVerifier, security_events::SecurityEvents, verify::Revocations};
//!
//! let revocations = Revocations::new();
//! let verifier = JwtVerifier::builder("https://as.example")
//!     .audience("https://api.example")
//!     .revocations(revocations.clone())
//!     .build()?;
//!
//! // A tower service for the path that the issuer sends its events to.
//! let events = SecurityEvents::builder(verifier).build()?;
//! assert!(revocations.is_empty());
//! # let _ = events;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "reqwest"))]
//! # fn main() {}
//! ```
//!
//! [CAEP]: https://openid.net/specs/openid-caep-1_0.html
//! [OpenID Connect Back-Channel Logout]: https://openid.net/specs/openid-connect-backchannel-1_0.html
//! [RFC 8417]: https://www.rfc-editor.org/rfc/rfc8417
//! [RFC 8935]: https://www.rfc-editor.org/rfc/rfc8935
//! [RISC]: https://openid.net/specs/openid-risc-1_0.html
//
// `service` reads a request, and `receiver` verifies the JWT and revokes tokens. `event` and `subject` determine which
// ones. `reply` is the response, and `seen` has the events that took effect.

mod builder;
mod event;
mod receiver;
mod reply;
mod seen;
mod service;
mod subject;
mod verifier;

pub use self::{
    builder::SecurityEventsBuilder,
    service::{SecurityEvents, SecurityEventsFuture},
};
