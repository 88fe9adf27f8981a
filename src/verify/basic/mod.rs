//! Verifying user-id and password (RFC 7617).
//!
//! `verifier` puts the steps in order: `password_cache` holds the outcomes of earlier checks,
//! `guess_limiter` and `check_permits` limit new ones, and `check` runs them.

mod check;
mod check_permits;
mod guess_limiter;
#[cfg(feature = "password-hash")]
mod memory_user_store;
mod password_cache;
#[cfg(feature = "password-hash")]
mod password_checks;
#[cfg(feature = "password-hash")]
mod password_hash;
#[cfg(feature = "password-hash")]
mod user_store;
#[cfg(feature = "password-hash")]
mod users;
mod verifier;

#[cfg(test)]
#[cfg(all(feature = "password-hash", feature = "testing"))]
mod tests;

pub use self::verifier::BasicVerifier;
#[cfg(feature = "password-hash")]
pub use self::{
    memory_user_store::MemoryUserStore,
    password_hash::PasswordHash,
    user_store::{UserRecord, UserStore},
};
