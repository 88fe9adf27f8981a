//! Tests with keys and signatures from the RFCs, with forged ones, and with both back ends.

#[cfg(all(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod backends_agree;
mod forgeries;
mod rfc_vectors;
