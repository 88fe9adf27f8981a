//! Tests with keys and signatures from the RFCs, with forged ones, and with both back ends.

#[cfg(all(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod backends_agree;
mod forgeries;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto-ml-dsa"))]
mod rfc_9964;
mod rfc_vectors;
