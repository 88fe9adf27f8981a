//! Basic authentication ([RFC 7617]): verifying user-ids and passwords.
//!
//! This module is for services whose clients send a user-id and a password with each request, and for
//! token endpoints, whose clients send their id and secret the same way ([RFC 6749 §2.3.1]).
//!
//! [`BasicVerifier`] verifies [`BasicCredentials`](crate::BasicCredentials), which
//! [`AuthenticateLayer`](crate::AuthenticateLayer) reads from the request. It caches outcomes, and limits
//! how often a password can be guessed.
//!
//! ```
//! # #[cfg(feature = "password-hash")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use portcullis::{
//!     BasicCredentials, BasicVerifier, ErrorKind, Identity, Verify,
//!     basic::{MemoryUserStore, PasswordHash, UserRecord},
//! };
//!
//! let alice = Identity::assertion().subject("alice").build();
//! let users = MemoryUserStore::new();
//! users.insert("alice", UserRecord::new(PasswordHash::new("open sesame")?, alice));
//!
//! let verifier = BasicVerifier::users(users).build()?;
//! let identity = verifier.verify(BasicCredentials::new("alice", "open sesame")).wait().await?;
//! assert_eq!(identity.subject(), Some("alice"));
//!
//! let result = verifier.verify(BasicCredentials::new("alice", "abracadabra")).wait().await;
//! assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidCredentials);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "password-hash"))]
//! # fn main() {}
//! ```
//!
//! | type | purpose |
//! |---|---|
//! | [`BasicVerifier`] | verifies credentials with a function, or with a user store |
//! | [`BasicVerifierBuilder`] | configures the cache and the limits |
//! | [`GuessStore`] | the interface to a store that replicas share for the limits |
//! | [`KnownPasswordsError`] | why verified credentials can't be exported or imported |
//! | `UserStore` | the interface to your users |
//! | `UserRecord` | the password hash and the identity of a user |
//! | `PasswordHash` | an Argon2, scrypt or bcrypt hash |
//! | `MemoryUserStore` | a user store in memory |
//!
//! The last four require the `password-hash` feature.
//!
//! [RFC 6749 §2.3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
//! [RFC 7617]: https://www.rfc-editor.org/rfc/rfc7617

mod accounts;
#[cfg(feature = "password-hash")]
mod bcrypt_hash;
mod builder;
mod check;
mod check_permits;
#[cfg(feature = "password-hash")]
mod decoys;
mod guess_limiter;
mod guess_store;
mod known_passwords;
#[cfg(feature = "password-hash")]
mod memory_user_store;
mod password_cache;
#[cfg(feature = "password-hash")]
mod password_checks;
#[cfg(feature = "password-hash")]
mod password_hash;
mod rate;
mod shared_guesses;
mod time_table;
#[cfg(feature = "password-hash")]
mod user_store;
#[cfg(feature = "password-hash")]
mod users;
mod verifier;
mod verifier_state;

#[cfg(test)]
#[cfg(all(feature = "password-hash", feature = "testing"))]
mod tests;

#[cfg(feature = "password-hash")]
#[doc(alias("Argon2", "bcrypt", "scrypt"))]
pub use self::password_hash::PasswordHash;
#[doc(alias("htpasswd", "password"))]
pub use self::verifier::BasicVerifier;
pub use self::{
    builder::BasicVerifierBuilder,
    guess_store::{Guess, GuessFuture, GuessState, GuessStore},
    known_passwords::KnownPasswordsError,
};
#[cfg(feature = "password-hash")]
pub use self::{
    memory_user_store::MemoryUserStore,
    user_store::{UserRecord, UserStore},
};
