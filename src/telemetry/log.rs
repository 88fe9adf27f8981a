//! Events of the `tracing` crate, with the target `portcullis`.

use std::error::Error as StdError;
#[cfg(feature = "_remote")]
use std::time::Duration;

#[cfg(feature = "_jwt")]
use super::issuer_log::{IssuerLog, Occasion, admit};
use crate::{
    Error, ErrorKind,
    error::{SharedFailure, WithCauses},
};

pub(super) fn rejected(error: &Error) {
    let (status, reason) = (error.status().as_u16(), error.kind().reason());
    let source = causes(error);
    let is_shared = matches!(error.source(), Some(cause) if cause.is::<SharedFailure>());
    match error.kind() {
        ErrorKind::Misconfigured if !is_shared => {
            tracing::error!(target: "portcullis", status, reason, source, "{error}");
        }
        ErrorKind::Unavailable if !is_shared => {
            let (issuer, suppressed) = admit(error);
            if let Some(suppressed) = suppressed {
                let suppressed = some_if_any(suppressed);
                tracing::warn!(
                    target: "portcullis", status, reason, issuer, source, suppressed, "{error}"
                );
            } else {
                tracing::debug!(target: "portcullis", status, reason, issuer, source, "{error}");
            }
        }
        _ => tracing::debug!(target: "portcullis", status, reason, source, "{error}"),
    }
}

pub(super) fn invalid_token_ignored(error: &Error) {
    let (reason, source) = (error.kind().reason(), causes(error));
    tracing::debug!(target: "portcullis", reason, source, "invalid token ignored: {error}");
}

pub(super) fn unknown_scopes(scopes: &str) {
    tracing::warn!(
        target: "portcullis",
        scopes,
        "no route is known to require these scopes of the hierarchy, or what they imply: correct them, or name those \
         that guards require in the description of the resource"
    );
}

#[cfg(feature = "_remote")]
pub(super) fn place_absent(issuer: &str, place: &str) {
    tracing::info!(
        target: "portcullis",
        issuer,
        place,
        "the first verified token has no scopes or roles at this place; if no token has any there, correct it"
    );
}

#[cfg(feature = "_jwt")]
pub(super) fn keys_fetched<E: StdError>(
    issuer: &str,
    issuer_log: &IssuerLog,
    outcome: Result<usize, &E>,
    took: Duration,
) {
    let error = match outcome {
        Ok(keys) => {
            tracing::debug!(target: "portcullis", %issuer, keys, ?took, "keys fetched");
            return;
        }
        Err(error) => error,
    };
    let source = causes(error);
    if let Some(suppressed) = issuer_log.admit(Occasion::FetchFailed) {
        let suppressed = some_if_any(suppressed);
        tracing::warn!(
            target: "portcullis", %issuer, source, ?took, suppressed, "no keys fetched: {error}"
        );
    } else {
        tracing::debug!(target: "portcullis", %issuer, source, ?took, "no keys fetched: {error}");
    }
}

#[cfg(feature = "_jwt")]
pub(super) fn tenant_not_renewed(pattern: &IssuerLog, issuer: &str, error: &Error, is_kept: bool) {
    let source = causes(error);
    if let Some(suppressed) = pattern.admit(Occasion::ResolutionFailed) {
        let suppressed = some_if_any(suppressed);
        tracing::warn!(
            target: "portcullis", %issuer, is_kept, source, suppressed,
            "a tenant could not be resolved again: {error}"
        );
    } else {
        tracing::debug!(
            target: "portcullis", %issuer, is_kept, source,
            "a tenant could not be resolved again: {error}"
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

#[cfg(all(feature = "_jwt", feature = "dpop"))]
pub(super) fn replay_store_full(proofs: u64) {
    tracing::error!(
        target: "portcullis",
        proofs,
        "the replay store is full of DPoP proofs that haven't expired: requests are rejected; raise its capacity"
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
    let source = causes(error);
    tracing::warn!(
        target: "portcullis", %issuer, source, "metadata not fetched again, old `jwks_uri` used: {error}"
    );
}

#[cfg(feature = "own-tokens")]
pub(super) fn token_uses_lost() {
    tracing::warn!(target: "portcullis", "uses of tokens come in faster than the store takes them");
}

#[cfg(feature = "introspection")]
pub(super) fn introspected(host: &str, outcome: &'static str, took: Duration) {
    tracing::debug!(target: "portcullis", endpoint = %host, outcome, ?took, "token introspected");
}

#[cfg(feature = "introspection")]
pub(super) fn introspections_failed(host: &str, error: &Error, failures: u64) {
    let source = causes(error);
    let message = "introspection failed";
    if error.kind() == ErrorKind::Misconfigured {
        tracing::error!(target: "portcullis", endpoint = %host, failures, source, "{message}");
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

/// Without issuers, nothing limits the rate.
#[cfg(not(feature = "_jwt"))]
fn admit(_error: &Error) -> (Option<&str>, Option<u64>) {
    (None, Some(0))
}

/// A field that is left out if it is zero.
fn some_if_any(count: u64) -> Option<u64> {
    (count > 0).then_some(count)
}

#[cfg(feature = "introspection")]
pub(super) fn all_tokens_inactive(host: &str, tokens: u32) {
    tracing::warn!(
        target: "portcullis",
        endpoint = host,
        tokens,
        "the endpoint has called every token inactive so far: if valid ones are among them, this \
         client may not be permitted to introspect them"
    );
}

/// Returns what caused an error, down to the root.
fn causes(error: &dyn StdError) -> Option<impl tracing::Value + '_> {
    error.source().map(|cause| tracing::field::display(WithCauses(cause)))
}
