//! Extractors for axum, and the error as a response.

#[cfg(feature = "_jwt")]
mod basic_credentials;
mod bearer_token;
mod claims;
#[cfg(feature = "_jwt")]
mod client_credentials;
mod credentials;
mod error;
mod identity;

pub use self::claims::Claims;
