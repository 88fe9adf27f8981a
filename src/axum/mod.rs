//! Support for axum: extractors, errors as responses, and routers for resource metadata and for security events.

mod basic_credentials;
mod bearer_token;
mod claims;
mod client_credentials;
mod credentials;
mod error;
mod identity;
mod resource_router;
#[cfg(all(feature = "security-events", feature = "_jwt"))]
mod security_events_router;

pub use self::claims::Claims;
