//! What the layer lets through, and what those inside it find.

mod anonymous;
mod bearer_token;
mod claims;
#[cfg(feature = "http-body")]
mod expiry;
mod guards;
mod identity;
mod nesting;
mod sources;
mod verifiers;
