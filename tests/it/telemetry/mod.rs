//! What operators see, and what they never see.

#[cfg(feature = "tracing")]
mod capture;
#[cfg(feature = "tracing")]
mod log;
#[cfg(feature = "metrics")]
mod metrics;
mod readiness;
#[cfg(feature = "tracing")]
mod secrets;
