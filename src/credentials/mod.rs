//! Credentials: what a request presents, parsed once into closed types.
//!
//! `authorization` reads the grammar that all schemes share, a file for each scheme what is its own.

mod authorization;
mod bearer;

pub(crate) use self::authorization::Authorization;
pub use self::bearer::BearerToken;
