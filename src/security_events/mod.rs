//! Events of issuers that revoke tokens: security event tokens and logout tokens.
//!
//! An issuer that disables an account or ends a session can say so at once, instead of letting the tokens expire.
//! [`SecurityEvents`] receives what it sends: security event tokens ([RFC 8417]) by push ([RFC 8935]), with the events
//! of [CAEP] and [RISC], and the logout tokens of [OpenID Connect Back-Channel Logout]. It verifies them with the keys of
//! the issuer, and revokes tokens, on every replica if the revocations are shared.
//!
//! [CAEP]: https://openid.net/specs/openid-caep-1_0.html
//! [OpenID Connect Back-Channel Logout]: https://openid.net/specs/openid-connect-backchannel-1_0.html
//! [RFC 8417]: https://www.rfc-editor.org/rfc/rfc8417
//! [RFC 8935]: https://www.rfc-editor.org/rfc/rfc8935
//! [RISC]: https://openid.net/specs/openid-risc-1_0.html
//
// `service` reads a request, `receiver` verifies the JWT and has its effects take place, `event` and `subject` say
// what those are, and `reply` is the response.

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
