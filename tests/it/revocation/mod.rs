//! Revocation of tokens before they expire.

mod revocation_checked;
mod revocations;
