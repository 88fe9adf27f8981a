//! What a token's end is for what lasts longer: streams of gRPC, events, sockets.
//!
//! `expired` waits for it; `layer`, `service` and `future` put responses into a `body` that ends there.

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
