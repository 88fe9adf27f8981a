//! The no-op events of `log`, without the `tracing` feature.
//!
//! The only exception is a misconfigured service, which is reported on stderr. Every request is rejected, and clients
//! can't see why.

use std::{
    error::Error as _,
    io::{self, Write},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    Error, ErrorKind,
    error::{Report, SharedFailure},
};

/// The minimum time between two lines on stderr.
const INTERVAL: Duration = Duration::from_secs(60);

pub(super) const fn reads_rejections() -> bool {
    false
}

pub(super) fn rejected(error: &Error, _request: Option<&super::RejectedRequest<'_>>) {
    let is_shared = error.source().is_some_and(|cause| cause.is::<SharedFailure>());
    if error.kind() == ErrorKind::Misconfigured && !is_shared && is_due() {
        // A closed stderr is no reason to panic.
        let _ = writeln!(io::stderr(), "portcullis: {}", Report(error));
    }
}

fn is_due() -> bool {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let is_due = last.is_none_or(|last| last.elapsed() >= INTERVAL);
    if is_due {
        *last = Some(Instant::now());
    }
    is_due
}

pub(super) fn invalid_token_ignored(_error: &Error) {}

pub(super) fn unknown_scopes(_scopes: &str) {}

#[cfg(feature = "_remote")]
pub(super) fn place_absent(_issuer: &str, _place: &str) {}

#[cfg(feature = "_jwt")]
pub(super) fn keys_fetched<E>(
    _issuer: &str,
    _issuer_log: &super::IssuerLog,
    _outcome: Result<usize, &E>,
    _hint: Option<&str>,
    _took: Duration,
) {
}

#[cfg(feature = "_jwt")]
pub(super) fn issuer_reachable(_issuer: &str) {}

#[cfg(feature = "_jwt")]
pub(super) fn keys_rotated(_issuer: &str, _added: Option<&str>, _removed: Option<&str>) {}

#[cfg(feature = "introspection")]
pub(super) fn endpoint_reachable(_host: &str) {}

#[cfg(feature = "_jwt")]
pub(super) fn tenant_not_renewed(
    _pattern: &super::IssuerLog,
    _issuer: &str,
    _error: &Error,
    _is_kept: bool,
) {
}

#[cfg(feature = "_tokens")]
pub(super) fn revocations_evicted(_evicted: u64, _entries: usize) {}

#[cfg(feature = "shared-revocations")]
pub(super) fn shared_revocations_unreachable(_error: &Error) {}

#[cfg(feature = "shared-revocations")]
pub(super) fn shared_revocations_reachable(_entries: usize) {}

#[cfg(feature = "shared-revocations")]
pub(super) fn shared_revocations_lost(_entries: usize) {}

#[cfg(feature = "security-events")]
pub(super) fn security_event_accepted(_issuer: &str, _revocations: usize) {}

#[cfg(feature = "security-events")]
pub(super) fn security_event_not_applied(_issuer: &str, _reason: &str) {}

#[cfg(feature = "security-events")]
pub(super) fn security_event_rejected(_error: &Error) {}

#[cfg(all(feature = "_jwt", feature = "dpop"))]
pub(super) fn replay_store_full(_proofs: u64) {}

#[cfg(feature = "basic")]
pub(super) fn guess_store_unreachable(_error: &Error, _count: u64) {}

#[cfg(all(feature = "dpop", feature = "redis"))]
pub(super) fn replay_store_unreachable(_error: &Error, _count: u64) {}

#[cfg(feature = "_jwt")]
pub(super) fn key_left_out(_issuer: &str, _kid: Option<&str>, _reason: &str) {}

#[cfg(feature = "_jwt")]
pub(super) fn more_keys_left_out(_issuer: &str, _keys: usize) {}

#[cfg(feature = "_jwt")]
pub(super) fn metadata_not_refreshed<E>(_issuer: &str, _error: &E) {}

#[cfg(feature = "own-tokens")]
pub(super) fn token_uses_lost() {}

#[cfg(feature = "introspection")]
pub(super) fn introspected(_host: &str, _outcome: &'static str, _took: Duration) {}

#[cfg(feature = "introspection")]
pub(super) fn introspections_failed(_host: &str, _error: &Error, _failures: u64) {}

#[cfg(feature = "introspection")]
pub(super) fn token_type_unsupported(_host: &str, _tokens: u64) {}

#[cfg(feature = "introspection")]
pub(super) fn all_tokens_inactive(_host: &str, _tokens: u32) {}
