//! Revocation of tokens before they expire.

mod revocation_checked;
mod revocations;
#[cfg(feature = "shared-revocations")]
mod sharing;
