//! Keys and signatures of the RFCs, hostile ones, and both back ends side by side.

#[cfg(all(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod backends_agree;
mod forgeries;
mod rfc_vectors;
