//! What operators see: events of the `tracing` crate and metrics of the `metrics` crate.
//!
//! `log` and `metrics` have one function per event and metric. Without the features, the no-op modules `log_off` and
//! `metrics_off` replace them, so that callers need no `cfg` and nothing is left at run time.
//!
//! Labels are configured values and constants, so that clients can't create new ones. An event that requests can cause
//! repeatedly is logged at most once per minute for each issuer, with the number of suppressed lines: see `issuer_log`.

#[cfg(feature = "_jwt")]
#[cfg_attr(not(feature = "tracing"), path = "issuer_log_off.rs")]
mod issuer_log;
#[cfg(any(
    all(feature = "_jwt", feature = "dpop"),
    feature = "basic",
    feature = "introspection",
    feature = "tracing",
))]
mod limiter;
#[cfg_attr(not(feature = "tracing"), path = "log_off.rs")]
mod log;
#[cfg_attr(not(feature = "metrics"), path = "metrics_off.rs")]
mod metrics;
mod rejected_request;
#[cfg_attr(not(feature = "tracing"), path = "rejection_log_off.rs")]
mod rejection_log;
#[cfg(any(all(feature = "_jwt", feature = "dpop"), feature = "basic", feature = "introspection"))]
mod throttle;
#[cfg(feature = "tracing")]
mod unlayered_log;

#[cfg(feature = "_jwt")]
pub(crate) use self::issuer_log::{IssuerLog, Occasion};
#[cfg(any(
    all(feature = "_jwt", feature = "dpop"),
    feature = "basic",
    feature = "introspection"
))]
pub(crate) use self::throttle::Throttle;
pub(crate) use self::{rejected_request::RejectedRequest, rejection_log::RejectionLog};
use crate::Error;
#[cfg(feature = "_remote")]
use std::{error::Error as StdError, sync::Arc, time::Duration};

/// Records that a request was allowed, either authenticated or anonymous.
pub(crate) fn admitted(outcome: &'static str) {
    metrics::request(outcome);
}

/// Records that an invalid token was ignored, where that is configured. The request is treated as anonymous.
pub(crate) fn invalid_token_ignored(error: &Error) {
    log::invalid_token_ignored(error);
}

/// Records that scopes of a hierarchy have no effect. Call it once per layer.
pub(crate) fn unknown_scopes(scopes: &str) {
    log::unknown_scopes(scopes);
}

/// Returns whether anything reads why a request is rejected. If not, no diagnosis is computed.
pub(crate) fn reads_rejections() -> bool {
    log::reads_rejections()
}

/// Records that a request was rejected. Call it once per request: see `response::Reported`. `request` is `None` outside
/// of a layer.
pub(crate) fn rejected(error: &Error, request: Option<&RejectedRequest<'_>>) {
    metrics::request(error.kind().reason());
    log::rejected(error, request);
}

/// Records that the first verified token of an issuer has no value at a configured place of scopes or roles. Call it
/// once per issuer and place.
#[cfg(feature = "_remote")]
pub(crate) fn place_absent(issuer: &str, place: &str) {
    log::place_absent(issuer, place);
}

/// Records that a fetch of an issuer's keys has completed.
#[cfg(feature = "_jwt")]
pub(crate) fn keys_fetched<E: StdError>(
    issuer: &Arc<str>,
    issuer_log: &IssuerLog,
    outcome: Result<usize, &E>,
    hint: Option<&str>,
    took: Duration,
) {
    metrics::keys_fetched(issuer_log.label(), outcome.is_ok(), took);
    log::keys_fetched(issuer, issuer_log, outcome, hint, took);
}

/// Records that keys of an issuer could be fetched again, after at least one failure.
#[cfg(feature = "_jwt")]
pub(crate) fn issuer_reachable(issuer: &str) {
    log::issuer_reachable(issuer);
}

/// Records which keys an issuer has added to its set and removed from it.
#[cfg(feature = "_jwt")]
pub(crate) fn keys_rotated(issuer: &str, added: Option<&str>, removed: Option<&str>) {
    log::keys_rotated(issuer, added, removed);
}

/// Records that an introspection endpoint has responded again, after at least one failure.
#[cfg(feature = "introspection")]
pub(crate) fn endpoint_reachable(host: &str) {
    log::endpoint_reachable(host);
}

/// Records that a verified tenant could not be resolved again, and whether it stays usable.
#[cfg(feature = "_jwt")]
pub(crate) fn tenant_not_renewed(pattern: &IssuerLog, issuer: &str, error: &Error, is_kept: bool) {
    log::tenant_not_renewed(pattern, issuer, error, is_kept);
}

/// Records that a full revocation list dropped entries whose tokens haven't expired.
#[cfg(feature = "_tokens")]
pub(crate) fn revocations_evicted(evicted: u64, entries: usize) {
    metrics::revocations_evicted(evicted);
    log::revocations_evicted(evicted, entries);
}

/// Records that an outage of the shared revocation store has begun.
#[cfg(feature = "shared-revocations")]
pub(crate) fn shared_revocations_unreachable(error: &Error) {
    metrics::shared_revocations_current(false);
    log::shared_revocations_unreachable(error);
}

/// Records that the shared revocation store was read, for the first time or after an outage.
#[cfg(feature = "shared-revocations")]
pub(crate) fn shared_revocations_reachable(entries: usize, was_outage: bool) {
    metrics::shared_revocations_current(true);
    if was_outage {
        log::shared_revocations_reachable(entries);
    }
}

/// Records that the shared revocation store lost entries, so that this replica restores the ones it knows.
#[cfg(feature = "shared-revocations")]
pub(crate) fn shared_revocations_lost(entries: usize) {
    log::shared_revocations_lost(entries);
}

/// Records that a security event took effect, with this number of revocations.
#[cfg(feature = "security-events")]
pub(crate) fn security_event_accepted(issuer: &str, revocations: usize) {
    metrics::security_event("accepted");
    log::security_event_accepted(issuer, revocations);
}

/// Records that an event from a trusted issuer could not be applied.
#[cfg(feature = "security-events")]
pub(crate) fn security_event_not_applied(issuer: &str, reason: &str) {
    metrics::security_event("rejected");
    log::security_event_not_applied(issuer, reason);
}

/// Records that an event is invalid, or could not be verified.
#[cfg(feature = "security-events")]
pub(crate) fn security_event_rejected(error: &Error) {
    metrics::security_event("rejected");
    log::security_event_rejected(error);
}

/// Records that proofs couldn't be stored. Call it at most once per minute, with their number since the last call.
#[cfg(all(feature = "_jwt", feature = "dpop"))]
pub(crate) fn replay_store_full(proofs: u64) {
    log::replay_store_full(proofs);
}

/// Records that as many attempts couldn't be counted in the store that replicas share. `error` is that of the last one.
#[cfg(feature = "basic")]
pub(crate) fn guess_store_unreachable(error: &Error, count: u64) {
    log::guess_store_unreachable(error, count);
}

/// Records that `count` proofs couldn't be stored since this was last recorded. `error` is that of the last one.
#[cfg(all(feature = "dpop", feature = "redis"))]
pub(crate) fn replay_store_unreachable(error: &Error, count: u64) {
    log::replay_store_unreachable(error, count);
}

/// Records that a key in an issuer's set can't be used. Call it once per set.
#[cfg(feature = "_jwt")]
pub(crate) fn key_left_out(issuer: &str, kid: Option<&str>, reason: &str) {
    log::key_left_out(issuer, kid, reason);
}

/// Records that a set contains this number of further keys that can't be used.
#[cfg(feature = "_jwt")]
pub(crate) fn more_keys_left_out(issuer: &str, keys: usize) {
    log::more_keys_left_out(issuer, keys);
}

/// Records that the metadata of an issuer could not be refreshed, so that the previous `jwks_uri` is used.
#[cfg(feature = "_jwt")]
pub(crate) fn metadata_not_refreshed<E: StdError>(issuer: &str, error: &E) {
    log::metadata_not_refreshed(issuer, error);
}

/// Records that a use of a token was lost before it was stored. `first` is true for the first one in a row.
#[cfg(feature = "own-tokens")]
pub(crate) fn token_use_lost(first: bool) {
    metrics::token_use_lost();
    if first {
        log::token_uses_lost();
    }
}

/// Records that an introspection has completed. A `failure` is logged by [`introspections_failed`].
#[cfg(feature = "introspection")]
pub(crate) fn introspected(host: &Arc<str>, outcome: &'static str, took: Duration) {
    metrics::introspected(host, outcome, took);
    log::introspected(host, outcome, took);
}

/// Records that `count` introspections failed for the same reason since this was last recorded. `error` is that of the
/// last one.
#[cfg(feature = "introspection")]
pub(crate) fn introspections_failed(host: &str, error: &Error, count: u64) {
    log::introspections_failed(host, error, count);
}

/// Records that a server doesn't introspect this kind of token, `count` times since this was last recorded.
#[cfg(feature = "introspection")]
pub(crate) fn token_type_unsupported(host: &str, count: u64) {
    log::token_type_unsupported(host, count);
}

/// Records that a server reported the first `count` tokens as inactive. Call it once.
#[cfg(feature = "introspection")]
pub(crate) fn all_tokens_inactive(host: &str, count: u32) {
    log::all_tokens_inactive(host, count);
}
