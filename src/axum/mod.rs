//! Extractors for axum, and the error as a response.

#[cfg(feature = "_jwt")]
mod basic_credentials;
mod bearer_token;
mod claims;
mod error;
mod identity;

pub use self::claims::Claims;
