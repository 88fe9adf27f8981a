//! The no-op metrics, without the `metrics` feature.

#[cfg(feature = "_remote")]
use std::{sync::Arc, time::Duration};

pub(super) fn request(_outcome: &'static str) {}

#[cfg(feature = "_jwt")]
pub(super) fn keys_fetched(_issuer: &Arc<str>, _is_success: bool, _took: Duration) {}

#[cfg(feature = "_tokens")]
pub(super) fn revocations_evicted(_evicted: u64) {}

#[cfg(feature = "shared-revocations")]
pub(super) fn shared_revocations_current(_is_current: bool) {}

#[cfg(feature = "security-events")]
pub(super) fn security_event(_outcome: &'static str) {}

#[cfg(feature = "own-tokens")]
pub(super) fn token_use_lost() {}

#[cfg(feature = "introspection")]
pub(super) fn introspected(_host: &Arc<str>, _outcome: &'static str, _took: Duration) {}
