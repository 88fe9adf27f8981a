//! Events of the `tracing` crate, with the target `portcullis`.

#[cfg(feature = "_remote")]
use std::time::Duration;
use std::{error::Error as StdError, fmt};

#[cfg(feature = "_jwt")]
use super::issuer_log::{self, IssuerLog, Occasion};
use super::{RejectedRequest, RejectionLog, unlayered_log::UnlayeredLog};
use crate::{
    Error, ErrorKind,
    error::{Diagnosis, Finding, Report, SharedFailure, excerpt},
};

/// Returns whether a subscriber reads the events of rejections.
pub(super) fn reads_rejections() -> bool {
    tracing::enabled!(target: "portcullis", tracing::Level::DEBUG)
}

pub(super) fn rejected(error: &Error, request: Option<&RejectedRequest<'_>>) {
    let kind = error.kind();
    let (status, reason) = (error.status().as_u16(), kind.reason());
    let diagnosis = error.diagnosis();
    let finding = diagnosis.map(Diagnosis::finding);
    let rule = finding.map_or(kind.rule(), Finding::rule);
    let (expected, found) =
        (finding.and_then(Finding::expected_value), finding.and_then(Finding::found_value));
    let (skew, hint) =
        (finding.and_then(Finding::skew_seconds), finding.and_then(Finding::hint_text));
    let key_id = diagnosis.and_then(Diagnosis::key_id_value);
    let alg = diagnosis.and_then(Diagnosis::algorithm_name);
    let subject = diagnosis.and_then(Diagnosis::subject_value);
    let method = request.map(|request| tracing::field::display(request.method));
    let path = request.map(|request| tracing::field::display(Excerpt(request.path)));
    let source = report(error);
    let is_shared = matches!(error.source(), Some(cause) if cause.is::<SharedFailure>());
    let (label, suppressed) = match kind {
        ErrorKind::Misconfigured | ErrorKind::Unavailable if !is_shared => {
            admit(error, request.map(|request| request.log))
        }
        _ => (None, None),
    };
    let issuer = label.or(diagnosis.and_then(Diagnosis::issuer_name));
    macro_rules! log {
        ($level:ident, $suppressed:expr) => {
            tracing::$level!(
                target: "portcullis",
                status, reason, rule, issuer, kid = key_id, alg, subject, expected, found, skew, hint, method, path, source,
                suppressed = $suppressed,
                "{error}"
            )
        };
    }
    match (kind, suppressed) {
        (ErrorKind::Misconfigured, Some(suppressed)) => log!(error, some_if_any(suppressed)),
        (_, Some(suppressed)) => log!(warn, some_if_any(suppressed)),
        (_, None) => log!(debug, None::<u64>),
    }
}

/// Shows the start of a text that a client controls, in one line.
struct Excerpt<'a>(&'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&excerpt(self.0))
    }
}

pub(super) fn invalid_token_ignored(error: &Error) {
    let (reason, source) = (error.kind().reason(), report(error));
    tracing::debug!(target: "portcullis", reason, source, "invalid token ignored: {error}");
}

pub(super) fn unknown_scopes(scopes: &str) {
    tracing::warn!(
        target: "portcullis",
        scopes,
        "no known route requires these scopes of the hierarchy, or the scopes that they imply: check their spelling, \
         or add the scopes that guards require to the resource metadata"
    );
}

#[cfg(feature = "_remote")]
pub(super) fn place_absent(issuer: &str, place: &str) {
    tracing::info!(
        target: "portcullis",
        issuer,
        place,
        "the first verified token has no scopes or roles at this place: check the configured claim, unless other tokens have it"
    );
}

#[cfg(feature = "_jwt")]
pub(super) fn keys_fetched<E: StdError>(
    issuer: &str,
    issuer_log: &IssuerLog,
    outcome: Result<usize, &E>,
    hint: Option<&str>,
    took: Duration,
) {
    let error = match outcome {
        Ok(keys) => {
            tracing::debug!(target: "portcullis", %issuer, keys, ?took, "keys fetched");
            return;
        }
        Err(error) => error,
    };
    let source = report(error);
    if let Some(suppressed) = issuer_log.admit(Occasion::FetchFailed) {
        let suppressed = some_if_any(suppressed);
        tracing::warn!(
            target: "portcullis", %issuer, source, hint, ?took, suppressed, "could not fetch keys: {error}"
        );
    } else {
        tracing::debug!(
            target: "portcullis", %issuer, source, hint, ?took, "could not fetch keys: {error}"
        );
    }
}

#[cfg(feature = "_jwt")]
pub(super) fn issuer_reachable(issuer: &str) {
    tracing::info!(target: "portcullis", issuer, "issuer reachable again");
}

#[cfg(feature = "_jwt")]
pub(super) fn keys_rotated(issuer: &str, added: Option<&str>, removed: Option<&str>) {
    tracing::info!(target: "portcullis", issuer, added, removed, "keys rotated");
}

#[cfg(feature = "introspection")]
pub(super) fn endpoint_reachable(host: &str) {
    tracing::info!(target: "portcullis", endpoint = host, "introspection endpoint reachable again");
}

#[cfg(feature = "_jwt")]
pub(super) fn tenant_not_renewed(pattern: &IssuerLog, issuer: &str, error: &Error, is_kept: bool) {
    let source = report(error);
    if let Some(suppressed) = pattern.admit(Occasion::ResolutionFailed) {
        let suppressed = some_if_any(suppressed);
        tracing::warn!(
            target: "portcullis", %issuer, is_kept, source, suppressed,
            "could not resolve a tenant again: {error}"
        );
    } else {
        tracing::debug!(
            target: "portcullis", %issuer, is_kept, source,
            "could not resolve a tenant again: {error}"
        );
    }
}

#[cfg(feature = "_tokens")]
pub(super) fn revocations_evicted(evicted: u64, entries: usize) {
    tracing::error!(
        target: "portcullis",
        evicted,
        entries,
        "the revocation list is full: the tokens of evicted entries are accepted again; raise `max_entries`"
    );
}

#[cfg(feature = "shared-revocations")]
pub(super) fn shared_revocations_unreachable(error: &Error) {
    let source = report(error);
    tracing::warn!(
        target: "portcullis", source,
        "the shared revocation store is unreachable: revocations from other replicas are unknown"
    );
}

#[cfg(feature = "shared-revocations")]
pub(super) fn shared_revocations_reachable(entries: usize) {
    tracing::info!(target: "portcullis", entries, "the shared revocation store is reachable again");
}

#[cfg(feature = "shared-revocations")]
pub(super) fn shared_revocations_lost(entries: usize) {
    tracing::warn!(
        target: "portcullis", entries,
        "the shared revocation store is empty or has lost entries: this replica restores the ones it knows"
    );
}

#[cfg(feature = "security-events")]
pub(super) fn security_event_accepted(issuer: &str, revocations: usize) {
    tracing::info!(target: "portcullis", issuer, revocations, "security event accepted");
}

/// Not rate-limited, because only a trusted issuer can cause it.
#[cfg(feature = "security-events")]
pub(super) fn security_event_not_applied(issuer: &str, reason: &str) {
    tracing::warn!(target: "portcullis", issuer, reason, "security event not applied: no tokens were revoked");
}

#[cfg(feature = "security-events")]
pub(super) fn security_event_rejected(error: &Error) {
    let (reason, source) = (error.kind().reason(), report(error));
    tracing::debug!(target: "portcullis", reason, source, "security event rejected: {error}");
}

#[cfg(all(feature = "_jwt", feature = "dpop"))]
pub(super) fn replay_store_full(proofs: u64) {
    tracing::error!(
        target: "portcullis",
        proofs,
        "the replay store is full of DPoP proofs that haven't expired: requests are rejected; raise its capacity"
    );
}

#[cfg(feature = "basic")]
pub(super) fn guess_store_unreachable(error: &Error, count: u64) {
    let source = report(error);
    tracing::warn!(
        target: "portcullis", source, count,
        "the shared store of wrong passwords is unreachable: each replica counts on its own"
    );
}

#[cfg(all(feature = "dpop", feature = "redis"))]
pub(super) fn replay_store_unreachable(error: &Error, count: u64) {
    let source = report(error);
    tracing::warn!(
        target: "portcullis", source, count,
        "DPoP proofs can't be stored in Redis: requests with proofs are rejected"
    );
}

#[cfg(feature = "_jwt")]
pub(super) fn key_left_out(issuer: &str, kid: Option<&str>, reason: &str) {
    tracing::info!(target: "portcullis", issuer, kid, reason, "key left out");
}

#[cfg(feature = "_jwt")]
pub(super) fn more_keys_left_out(issuer: &str, keys: usize) {
    tracing::info!(target: "portcullis", issuer, keys, "more keys left out");
}

#[cfg(feature = "_jwt")]
pub(super) fn metadata_not_refreshed<E: StdError>(issuer: &str, error: &E) {
    let source = report(error);
    tracing::warn!(
        target: "portcullis", %issuer, source, "could not refresh the metadata, using the previous `jwks_uri`: {error}"
    );
}

#[cfg(feature = "own-tokens")]
pub(super) fn token_uses_lost() {
    tracing::warn!(target: "portcullis", "token uses are recorded faster than the store can write them: some are lost");
}

#[cfg(feature = "introspection")]
pub(super) fn introspected(host: &str, outcome: &'static str, took: Duration) {
    tracing::debug!(target: "portcullis", endpoint = %host, outcome, ?took, "token introspected");
}

#[cfg(feature = "introspection")]
pub(super) fn introspections_failed(host: &str, error: &Error, failures: u64) {
    let source = report(error);
    let message = "introspection failed";
    if error.kind() == ErrorKind::Misconfigured {
        let hint = "check the client id, the secret and the authentication method, and whether the server permits \
                    this client to introspect tokens";
        tracing::error!(target: "portcullis", endpoint = %host, failures, source, hint, "{message}");
    } else {
        tracing::warn!(target: "portcullis", endpoint = %host, failures, source, "{message}");
    }
}

#[cfg(feature = "introspection")]
pub(super) fn token_type_unsupported(host: &str, tokens: u64) {
    tracing::warn!(
        target: "portcullis",
        endpoint = host,
        tokens,
        "the server responds with `unsupported_token_type`: its tokens are probably JWTs, which a \
         JwtVerifier verifies"
    );
}

/// Returns the label of the issuer that a failure belongs to, and the number of lines that were suppressed since the
/// last one, or `None` if this one is to be suppressed. Failures that belong to no issuer are limited per layer, and
/// outside of layers for each text.
fn admit<'a>(error: &'a Error, log: Option<&RejectionLog>) -> (Option<&'a str>, Option<u64>) {
    static OUTSIDE: UnlayeredLog = UnlayeredLog::new();
    #[cfg(feature = "_jwt")]
    if let Some((label, admitted)) = issuer_log::admit(error) {
        return (Some(label), admitted);
    }
    (None, log.map_or_else(|| OUTSIDE.admit(error), |log| log.admit(error.kind())))
}

/// A field that is omitted if it is zero.
fn some_if_any(count: u64) -> Option<u64> {
    (count > 0).then_some(count)
}

#[cfg(feature = "introspection")]
pub(super) fn all_tokens_inactive(host: &str, tokens: u32) {
    tracing::warn!(
        target: "portcullis",
        endpoint = host,
        tokens,
        "the endpoint has reported every token as inactive so far: if some are valid, this client may \
         not be permitted to introspect them"
    );
}

/// Returns the causes of an error, down to the root.
fn report(error: &dyn StdError) -> Option<impl tracing::Value + '_> {
    error.source().map(|cause| tracing::field::display(Report(cause)))
}
