//! Ends what outlives a request when its token expires: gRPC streams, server-sent events, WebSockets.
//!
//! `EndAtExpiryLayer` ends the bodies of responses. [`Expired`] is for other streams, such as a WebSocket: it
//! completes when the token expires.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use std::time::{Duration, SystemTime};
//!
//! use portcullis::Identity;
//!
//! let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
//! let identity = Identity::assertion().expires_at(an_hour_ago).build();
//! let next_message = std::future::pending::<()>();
//! let outcome = tokio::select! {
//!     () = identity.expired() => "closed",
//!     () = next_message => "handled",
//! };
//! assert_eq!(outcome, "closed");
//! # }
//! ```
//
// `expired` waits until a token expires. `layer`, `service` and `future` wrap responses in a `body` that ends then.

#[cfg(feature = "http-body")]
mod body;
mod expired;
#[cfg(feature = "http-body")]
mod future;
#[cfg(feature = "http-body")]
mod layer;
#[cfg(feature = "http-body")]
mod service;

pub use self::expired::Expired;
#[cfg(feature = "http-body")]
pub use self::{
    body::ExpiringBody, future::EndAtExpiryFuture, layer::EndAtExpiryLayer, service::EndAtExpiry,
};
