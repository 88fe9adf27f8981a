//! What operators see, and what they never see.

#[cfg(feature = "tracing")]
mod capture;
#[cfg(feature = "tracing")]
mod events;
#[cfg(feature = "metrics")]
mod figures;
mod readiness;
#[cfg(feature = "tracing")]
mod secrets;
