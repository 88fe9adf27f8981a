//! Logs, metrics and readiness, and that they contain no secrets.

#[cfg(feature = "tracing")]
pub mod capture;
#[cfg(feature = "tracing")]
mod log;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "tracing")]
mod outage_log;
mod readiness;
#[cfg(feature = "tracing")]
mod secrets;
#[cfg(not(feature = "tracing"))]
mod stderr;
