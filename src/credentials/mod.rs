//! Credentials: what a request presents, parsed once into closed types.
//!
//! `authorization` reads the grammar that all schemes share, a file for each scheme what is its own.

mod authorization;
#[cfg(feature = "_jwt")]
mod basic;
mod bearer;

pub(crate) use self::authorization::Authorization;
#[cfg(feature = "_jwt")]
pub use self::basic::BasicCredentials;
pub use self::bearer::BearerToken;
