//! The parts of JOSE (RFC 7515, RFC 7517, RFC 7518) that are independent of tokens: algorithms,
//! encodings, a strict JSON reader, and keys that verify signatures.

#[cfg(feature = "_jwt")]
pub(crate) mod algorithm;
pub(crate) mod base64url;
#[cfg(feature = "_jwt")]
pub(crate) mod crypto;
pub(crate) mod json;
#[cfg(feature = "_jwt")]
pub(crate) mod pem;

#[cfg(feature = "_jwt")]
pub use self::algorithm::{Algorithm, UnknownAlgorithm};
