//! Extractors for axum, and the error as a response.

mod bearer_token;
mod claims;
mod error;
mod identity;

pub use self::claims::Claims;
