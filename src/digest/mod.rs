//! Digests and random numbers, for passwords, API tokens and revocations.
//!
//! Only SHA-256 has several implementations, so that a service with the aws-lc-rs back end needs no other library for it,
//! and one that only introspects tokens needs a small one. Everything else here is implemented in pure Rust.

#[cfg(feature = "_digest")]
mod keyed;
#[cfg(feature = "_digest")]
mod random;
mod sha256;

#[cfg(feature = "_digest")]
pub(crate) use self::keyed::{Digest, KeyedDigest};
#[cfg(feature = "_digest")]
pub(crate) use self::random::fill_random;
pub(crate) use self::sha256::sha256;
#[cfg(all(feature = "dpop", feature = "_jwt"))]
pub(crate) use self::sha256::sha256_of_parts;
