//! Verifying user-id and password (RFC 7617).
//!
//! `verifier` is what users write and the order of things: `known` are credentials that were
//! verified before, `attempts` how many may be wrong, `check` who judges the rest. With password
//! hashes that is `users`, over a `user_store`.

mod attempts;
mod check;
mod known;
#[cfg(feature = "password-hash")]
mod memory_user_store;
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
