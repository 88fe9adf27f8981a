//! Making signatures, for tests and for nothing else.
//!
//! A resource server has nothing to sign. The issuer of the `testing` feature does, and the tests
//! of [`VerifyingKey`](super::VerifyingKey).

#[cfg(feature = "aws-lc-rs")]
pub(super) mod aws_lc;
mod public_parts;
#[cfg(all(feature = "rust-crypto", any(test, not(feature = "aws-lc-rs"))))]
pub(super) mod rust_crypto;
mod signing_key;

#[cfg(feature = "aws-lc-rs")]
use aws_lc as backend;
#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc-rs")))]
use rust_crypto as backend;

pub(crate) use public_parts::PublicParts;
pub(crate) use signing_key::SigningKey;
