//! Checking signatures, with [aws-lc-rs] or in pure Rust.
//!
//! A [`VerifyingKey`] is parsed once and used for every token. What makes a key acceptable is
//! decided here, the same for both back ends; a back end only does the arithmetic. It is chosen by
//! feature and no process-wide provider is involved: where both features are on, aws-lc-rs
//! verifies, and pure Rust is there for the tests to compare it with.
//!
//! [aws-lc-rs]: https://docs.rs/aws-lc-rs

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod curve;
mod der;
mod ed25519;
mod field25519;
mod key_error;
mod rsa_components;
#[cfg(all(feature = "rust-crypto", any(test, not(feature = "aws-lc-rs"))))]
mod rust_crypto;
#[cfg(any(test, feature = "introspection", feature = "testing"))]
mod sign;
mod verifying_key;

#[cfg(test)]
mod tests;

#[cfg(feature = "aws-lc-rs")]
use aws_lc as backend;
#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc-rs")))]
use rust_crypto as backend;

pub(crate) use curve::Curve;
pub(crate) use key_error::KeyError;
#[cfg(any(test, feature = "introspection", feature = "testing"))]
pub(crate) use sign::{PrivateParts, PublicParts, RsaPrivateParts, SigningKey, random};
pub(crate) use verifying_key::VerifyingKey;
