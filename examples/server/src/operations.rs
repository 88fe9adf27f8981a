//! Output for operators: the log, `/readyz` and `/metrics`.

use std::{error::Error, io, time::Duration};

use axum::{Json, Router, extract::State, routing::get};
use http::StatusCode;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use portcullis::{
    issuers::IssuersHandle,
    verify::{Readiness, RevocationReadiness, Revocations},
};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tracing_subscriber::EnvFilter;

use crate::environment::{bad, choice, read};

/// The filter without `RUST_LOG`. It logs why requests are rejected.
const DEFAULT_FILTER: &str = "info,portcullis=debug";
/// How long `/readyz` waits for keys.
const KEYS_TIMEOUT: Duration = Duration::from_secs(2);
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Logs to stderr, one line per event.
pub(crate) fn log() -> Result<(), String> {
    let filter = read::<String>("RUST_LOG")?.unwrap_or_else(|| DEFAULT_FILTER.to_owned());
    let filter = EnvFilter::try_new(&filter).map_err(|error| bad("RUST_LOG", &filter, error))?;
    let is_json = choice("LOG_FORMAT", &[("text", false), ("json", true)])?.unwrap_or(false);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if is_json {
        log.json().init();
    } else {
        log.with_ansi(false).init();
    }
    Ok(())
}

/// Records metrics for `/metrics`.
pub(crate) fn metrics() -> Result<PrometheusHandle, Box<dyn Error>> {
    Ok(PrometheusBuilder::new().install_recorder()?)
}

/// Bounds the memory of metrics that no one reads.
pub(crate) async fn upkeep(metrics: PrometheusHandle) {
    loop {
        sleep(UPKEEP_INTERVAL).await;
        metrics.run_upkeep();
    }
}

pub(crate) fn routes(
    issuers: IssuersHandle,
    revocations: Revocations,
    metrics: PrometheusHandle,
) -> Router {
    let metrics = move || {
        let text = metrics.render();
        async { ([("content-type", "text/plain; version=0.0.4")], text) }
    };
    Router::new()
        .route("/healthz", get("ok"))
        .route("/metrics", get(metrics))
        .route("/readyz", get(readyz))
        .with_state((issuers, revocations))
}

async fn readyz(
    State((issuers, revocations)): State<(IssuersHandle, Revocations)>,
) -> (StatusCode, Json<Value>) {
    // Keys are usually fetched when the first token arrives, but readiness must not depend on that. A failure is part
    // of the readiness, so it is ignored here.
    drop(timeout(KEYS_TIMEOUT, issuers.warm_up()).await);
    let (readiness, revocations) = (issuers.readiness(), revocations.readiness());
    let is_ready = readiness.iter().all(Readiness::is_ready) && revocations.is_ready();
    let issuers: Vec<_> = readiness.iter().map(issuer).collect();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let revocations = list(&revocations);
    (status, Json(json!({ "ready": is_ready, "issuers": issuers, "revocations": revocations })))
}

/// Returns the readiness of the revocations. Without Redis, it says nothing about other replicas.
fn list(readiness: &RevocationReadiness) -> Value {
    let (entries, evicted) = (readiness.entries(), readiness.evicted());
    if !readiness.is_shared() {
        return json!({ "entries": entries, "evicted": evicted });
    }
    json!({
        "entries": entries,
        "evicted": evicted,
        "ready": readiness.is_ready(),
        "current": readiness.is_current(),
        "age": readiness.age().map(|age| age.as_secs()),
        "last_error": readiness.last_error(),
        "pending": readiness.pending(),
    })
}

fn issuer(readiness: &Readiness) -> Value {
    json!({
        "issuer": readiness.issuer(),
        "ready": readiness.is_ready(),
        "keys": readiness.keys(),
        "age": readiness.age().map(|age| age.as_secs()),
        "last_error": readiness.last_error(),
        "next_try": readiness.next_fetch().map(|time| time.as_secs()),
    })
}
