//! Revocation of tokens before they expire.

#[cfg(all(feature = "dpop", feature = "redis", feature = "security-events"))]
mod guide;
mod revocation_checked;
mod revocations;
#[cfg(feature = "shared-revocations")]
mod sharing;
