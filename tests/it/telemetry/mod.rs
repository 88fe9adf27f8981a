//! Logs, metrics and readiness, and that they contain no secrets.

#[cfg(feature = "tracing")]
mod access_log;
#[cfg(feature = "tracing")]
pub mod capture;
#[cfg(feature = "introspection")]
mod doctor;
mod doctor_tenants;
#[cfg(feature = "introspection")]
mod explanations;
#[cfg(feature = "tracing")]
mod floods;
#[cfg(feature = "tracing")]
mod log;
#[cfg(feature = "tracing")]
pub mod log_buffer;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(all(feature = "introspection", feature = "tracing"))]
mod misconfigurations;
mod operations_page;
#[cfg(feature = "tracing")]
mod outage_log;
mod readiness;
#[cfg(feature = "tracing")]
mod secrets;
#[cfg(not(feature = "tracing"))]
mod stderr;
#[cfg(feature = "tracing")]
mod subjects;
