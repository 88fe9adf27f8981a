//! Signature verification, with [aws-lc-rs] or in pure Rust.
//!
//! A [`VerifyingKey`] is parsed once and used for every token. Which keys are acceptable is decided
//! here, in the same way for both back ends, which only do the arithmetic. The back end is selected
//! by features, without a process-wide provider. If both features are enabled, aws-lc-rs is used,
//! and tests compare it with the one in pure Rust.
//!
//! [aws-lc-rs]: https://docs.rs/aws-lc-rs

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod curve;
mod der;
mod ed25519;
mod field25519;
mod key_error;
mod key_type;
mod ml_dsa;
mod public_key_info;
mod rsa_components;
#[cfg(all(feature = "rust-crypto", any(test, not(feature = "aws-lc-rs"))))]
mod rust_crypto;
#[cfg(all(feature = "rust-crypto-ml-dsa", any(test, not(feature = "aws-lc-rs"))))]
mod rust_ml_dsa;
#[cfg(all(
    feature = "rust-crypto",
    not(feature = "rust-crypto-ml-dsa"),
    any(test, not(feature = "aws-lc-rs"))
))]
#[path = "rust_ml_dsa_off.rs"]
mod rust_ml_dsa;
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
pub(crate) use ml_dsa::{MlDsa, UNSUPPORTED, supports};
#[cfg(any(test, feature = "introspection", feature = "testing"))]
pub(crate) use sign::{PrivateParts, PublicParts, RsaPrivateParts, SigningKey, random};
pub(crate) use verifying_key::VerifyingKey;
