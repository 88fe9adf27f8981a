//! Creating signatures, for client assertions (RFC 7523), and for the issuer in `testing`.

#[cfg(feature = "aws-lc-rs")]
pub(super) mod aws_lc;
#[cfg(any(test, feature = "testing"))]
mod generate;
mod private_parts;
mod public_parts;
#[cfg(all(feature = "rust-crypto", any(test, not(feature = "aws-lc-rs"))))]
pub(super) mod rust_crypto;
#[cfg(all(feature = "rust-crypto-ml-dsa", any(test, not(feature = "aws-lc-rs"))))]
mod rust_ml_dsa;
#[cfg(all(
    feature = "rust-crypto",
    not(feature = "rust-crypto-ml-dsa"),
    any(test, not(feature = "aws-lc-rs"))
))]
#[path = "rust_ml_dsa_off.rs"]
mod rust_ml_dsa;
mod signing_key;

#[cfg(feature = "aws-lc-rs")]
use aws_lc as backend;
#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc-rs")))]
use rust_crypto as backend;

pub(crate) use private_parts::{PrivateParts, RsaPrivateParts};
pub(crate) use public_parts::PublicParts;
pub(crate) use signing_key::{SigningKey, random};
