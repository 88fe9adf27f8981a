//! Digests and randomness, for passwords and for the service's own tokens.
//!
//! One implementation in pure Rust, so that a service without JWTs needs no cryptographic back end.

mod keyed;
mod random;
mod sha256;

#[cfg(feature = "basic")]
pub(crate) use self::keyed::{Digest, KeyedDigest};
pub(crate) use self::{random::fill_random, sha256::sha256};
