//! Metrics of the `metrics` crate.

#[cfg(feature = "_remote")]
use std::{sync::Arc, time::Duration};

use metrics::counter;
#[cfg(feature = "shared-revocations")]
use metrics::gauge;
#[cfg(feature = "_remote")]
use metrics::histogram;

pub(super) fn request(outcome: &'static str) {
    counter!("portcullis_requests_total", "outcome" => outcome).increment(1);
}

#[cfg(feature = "_jwt")]
pub(super) fn keys_fetched(issuer: &Arc<str>, is_success: bool, took: Duration) {
    let outcome = if is_success { "success" } else { "failure" };
    counter!("portcullis_key_fetches_total", "issuer" => Arc::clone(issuer), "outcome" => outcome)
        .increment(1);
    histogram!("portcullis_key_fetch_seconds", "issuer" => Arc::clone(issuer)).record(took);
}

#[cfg(feature = "_tokens")]
pub(super) fn revocations_evicted(evicted: u64) {
    counter!("portcullis_revocations_evicted_total").increment(evicted);
}

#[cfg(feature = "shared-revocations")]
pub(super) fn shared_revocations_current(is_current: bool) {
    gauge!("portcullis_shared_revocations_current").set(f64::from(u8::from(is_current)));
}

#[cfg(feature = "security-events")]
pub(super) fn security_event(outcome: &'static str) {
    counter!("portcullis_security_events_total", "outcome" => outcome).increment(1);
}

#[cfg(feature = "own-tokens")]
pub(super) fn token_use_lost() {
    counter!("portcullis_token_uses_lost_total").increment(1);
}

#[cfg(feature = "introspection")]
pub(super) fn introspected(host: &Arc<str>, outcome: &'static str, took: Duration) {
    counter!("portcullis_introspections_total", "endpoint" => Arc::clone(host), "outcome" => outcome)
        .increment(1);
    histogram!("portcullis_introspection_seconds", "endpoint" => Arc::clone(host)).record(took);
}
