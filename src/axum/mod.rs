//! Extractors for axum, and the error as a response.

mod basic_credentials;
mod bearer_token;
mod claims;
mod client_credentials;
mod credentials;
mod error;
mod identity;

pub use self::claims::Claims;
