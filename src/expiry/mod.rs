//! Ends what outlives a request when its token expires: gRPC streams, server-sent events, WebSockets.
//!
//! `expired` waits until a token expires. `layer`, `service` and `future` wrap responses in a `body` that ends then.

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
