//! Responses that are still being sent when their token expires.

#[cfg(feature = "http-body")]
mod bodies;
#[cfg(feature = "expiry")]
mod layer;
