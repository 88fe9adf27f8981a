//! Extractors.

mod bearer_token;
mod claims;
mod credentials;
mod identity;
