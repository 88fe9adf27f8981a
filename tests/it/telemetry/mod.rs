//! Logs, metrics and readiness, and that they contain no secrets.

#[cfg(feature = "tracing")]
pub mod capture;
#[cfg(feature = "tracing")]
mod log;
#[cfg(feature = "metrics")]
mod metrics;
mod readiness;
#[cfg(feature = "tracing")]
mod secrets;
