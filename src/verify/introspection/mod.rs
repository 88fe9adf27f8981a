//! Token introspection: tokens that only their issuer can validate (RFC 7662, RFC 9701).
//!
//! [`IntrospectionVerifier`] is the verifier. `builder` configures it, and `settings` validates the
//! configuration. An `introspector` sends a request to the `endpoint`, which is discovered at its `location`
//! and where `client_authentication` authenticates this service. It reads the `response`, which may be a
//! `signed_response`, validates it with its `rules`, and stores the outcome in the `cache`. Concurrent requests
//! with the same token share one introspection.
//!
//! # Load
//!
//! At most 100 introspections run at the same time ([`max_concurrent`]), which the verifier shares out between two
//! classes of tokens:
//!
//! - *Recently active* tokens: those that an introspection accepted, until 10 minutes after their cache entry
//!   has expired. They are remembered as keyed hashes, as many as the cache holds tokens.
//! - *Other* tokens: those that are new to this process, and those that someone made up.
//!
//! 25 permits are reserved for recently active tokens, 25 for other tokens, and 50 serve both, recently active tokens
//! first. A token that gets no permit waits for up to 5 seconds ([`queue_timeout`]) in the queue of its class, which
//! has room for 1,000 tokens. Only if the wait takes too long or the queue is full, the request gets 503 with
//! `Retry-After: 1`.
//!
//! So a flood of made-up tokens occupies at most 75 permits. If the endpoint takes 200 ms for a response, then:
//!
//! | during a flood | introspections per second |
//! |---|---|
//! | of recently active tokens | at least 25 / 0.2 s = 125 at once, up to 375 with a short wait |
//! | of other tokens | at least 125, and 375 as long as no recently active token waits |
//!
//! A new valid token waits like the made-up ones before it. A flood of 150 clients, each of which waits for a response
//! before it sends the next token, delays it by up to one more response time. A full queue of 1,000 tokens is served
//! within 1,000 / 375 = 2.7 seconds, so a token that found room in the queue isn't rejected. If more than 375 other
//! tokens per second arrive for longer than that, each of them has the same chance, and a client that follows
//! `Retry-After` gets another one. The verifier sees tokens only; limit requests by client address in front of it.
//!
//! Failures, among them rejections for lack of a permit, are logged at `WARN` once per minute and reason, with
//! their number. Each rejected request is logged at `DEBUG`.
//!
//! [`max_concurrent`]: IntrospectionVerifierBuilder::max_concurrent
//! [`queue_timeout`]: IntrospectionVerifierBuilder::queue_timeout

mod builder;
mod cache;
#[cfg_attr(not(feature = "_jwt"), path = "client_assertion_off.rs")]
mod client_assertion;
mod client_authentication;
mod endpoint;
mod error;
mod introspector;
mod location;
mod permits;
#[cfg(feature = "_jwt")]
mod private_key;
mod recently_active;
mod response;
mod rules;
mod settings;
#[cfg(feature = "_jwt")]
mod signed_response;
mod signer;
mod verifier;

#[cfg(feature = "_jwt")]
pub use self::private_key::PrivateKey;
pub use self::{
    builder::{ClientGiven, ClientMissing, IntrospectionDangerous, IntrospectionVerifierBuilder},
    verifier::IntrospectionVerifier,
};
pub use crate::verify::{AudienceGiven, AudienceMissing};
