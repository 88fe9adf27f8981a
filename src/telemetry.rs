//! What operators see: events of the `tracing` crate and figures of the `metrics` crate. Without
//! these features it costs nothing.
//!
//! Labels are configured values and fixed words only, so that no stranger makes new ones.

use crate::Error;

/// A request was let through, with an identity or as an anonymous one.
pub(crate) fn admitted(outcome: &'static str) {
    count_request(outcome);
}

/// Reports that a request was rejected. Call it once per request: see `response::Progress`.
pub(crate) fn rejected(error: &Error) {
    count_request(error.kind().reason());
    #[cfg(feature = "tracing")]
    {
        use crate::ErrorKind;
        let (status, reason) = (error.status().as_u16(), error.kind().reason());
        let source = causes(error);
        match error.kind() {
            ErrorKind::Misconfigured => {
                tracing::error!(target: "portcullis", status, reason, source, "{error}");
            }
            ErrorKind::Unavailable => {
                tracing::warn!(target: "portcullis", status, reason, source, "{error}");
            }
            _ => tracing::debug!(target: "portcullis", status, reason, source, "{error}"),
        }
    }
}

/// What caused an error, down to the root.
#[cfg(feature = "tracing")]
fn causes(error: &dyn std::error::Error) -> Option<impl tracing::Value + '_> {
    error.source().map(|cause| tracing::field::display(crate::error::WithCauses(cause)))
}

#[cfg(feature = "metrics")]
fn count_request(outcome: &'static str) {
    metrics::counter!("portcullis_requests_total", "outcome" => outcome).increment(1);
}

#[cfg(not(feature = "metrics"))]
fn count_request(_outcome: &'static str) {}

/// A fetch of an issuer's keys has ended. `label` is what the issuer's figures are kept under.
#[cfg(feature = "_jwt")]
pub(crate) fn keys_fetched<E: std::error::Error>(
    issuer: &std::sync::Arc<str>,
    label: &std::sync::Arc<str>,
    outcome: Result<usize, &E>,
    took: std::time::Duration,
) {
    #[cfg(feature = "metrics")]
    {
        let result = if outcome.is_ok() { "success" } else { "failure" };
        metrics::counter!(
            "portcullis_key_fetches_total",
            "issuer" => std::sync::Arc::clone(label), "outcome" => result
        )
        .increment(1);
        let label = std::sync::Arc::clone(label);
        metrics::histogram!("portcullis_key_fetch_seconds", "issuer" => label).record(took);
    }
    #[cfg(feature = "tracing")]
    match outcome {
        Ok(keys) => {
            tracing::debug!(target: "portcullis", %issuer, keys, ?took, "keys fetched");
        }
        Err(error) => {
            let source = causes(error);
            tracing::warn!(target: "portcullis", %issuer, source, ?took, "no keys fetched: {error}");
        }
    }
    #[cfg(not(any(feature = "metrics", feature = "tracing")))]
    let _ = (issuer, label, outcome, took);
}

/// A use of a token was lost on its way to the store, as the `first` one in a row or as one more.
#[cfg(feature = "_jwt")]
pub(crate) fn token_use_lost(first: bool) {
    #[cfg(feature = "metrics")]
    metrics::counter!("portcullis_token_uses_lost_total").increment(1);
    #[cfg(feature = "tracing")]
    if first {
        tracing::warn!(target: "portcullis", "uses of tokens come in faster than the store takes them");
    }
    #[cfg(not(feature = "tracing"))]
    let _ = first;
}

/// An introspection has ended, with an outcome or without one.
#[cfg(feature = "_jwt")]
pub(crate) fn introspected<E: std::error::Error>(
    host: &std::sync::Arc<str>,
    outcome: Result<&'static str, &E>,
    took: std::time::Duration,
) {
    #[cfg(feature = "metrics")]
    {
        let outcome = outcome.unwrap_or("failure");
        metrics::counter!(
            "portcullis_introspections_total",
            "endpoint" => std::sync::Arc::clone(host), "outcome" => outcome
        )
        .increment(1);
        metrics::histogram!(
            "portcullis_introspection_seconds", "endpoint" => std::sync::Arc::clone(host)
        )
        .record(took);
    }
    #[cfg(feature = "tracing")]
    match outcome {
        Ok(outcome) => {
            tracing::debug!(target: "portcullis", endpoint = %host, outcome, ?took, "token introspected");
        }
        Err(error) => {
            let source = causes(error);
            tracing::warn!(
                target: "portcullis", endpoint = %host, source, ?took, "no introspection: {error}"
            );
        }
    }
    #[cfg(not(any(feature = "metrics", feature = "tracing")))]
    let _ = (host, outcome, took);
}

/// A server refuses to introspect tokens of the kind that it was asked about.
#[cfg(feature = "_jwt")]
pub(crate) fn token_type_unsupported(host: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "portcullis",
        endpoint = host,
        "the server answers `unsupported_token_type`: its tokens are probably JWTs, which a \
         JwtVerifier verifies"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = host;
}
