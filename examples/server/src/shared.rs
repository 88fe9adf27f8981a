//! Revocations that replicas share through `REDIS_URL`, and that issuers send.

use axum::Router;
use portcullis::{
    issuers::IssuersHandle,
    redis::Redis,
    security_events::SecurityEvents,
    verify::{OutagePolicy, Revocations},
};

use crate::environment::{bad, choice, invalid, list, read};

pub(crate) fn redis() -> Result<Option<Redis>, String> {
    let Some(url) = read::<String>("REDIS_URL")? else { return Ok(None) };
    // The error shows the URL without its password.
    Redis::new(&url).map(Some).map_err(|error| invalid(&error))
}

/// Returns the revocation list. Without Redis, each process has its own.
pub(crate) fn revocations(redis: Option<&Redis>) -> Result<Revocations, String> {
    let outages = [("serve", OutagePolicy::Serve), ("refuse", OutagePolicy::Reject)];
    let outage = choice("REDIS_OUTAGE", &outages)?.unwrap_or_default();
    let mut revocations = Revocations::builder();
    if let Some(redis) = redis {
        revocations = revocations.shared(redis.revocations()).outage(outage);
    }
    let revocations = revocations.build().map_err(|error| invalid(&error))?;
    let shared = revocations.clone();
    // Read Redis now, instead of on the first request.
    tokio::spawn(async move { shared.warm_up().await });
    Ok(revocations)
}

/// Returns the router that receives the issuers' events at the path `SECURITY_EVENTS`.
pub(crate) fn security_events(issuers: &IssuersHandle) -> Result<Router, String> {
    let Some(path) = read::<String>("SECURITY_EVENTS")? else { return Ok(Router::new()) };
    let is_taken = ["/admin/revoke", "/transfer", "/write"].contains(&&*path);
    if is_taken || !path.starts_with('/') || path.contains(['{', '}', '*', ':', '?', '#']) {
        return Err(bad("SECURITY_EVENTS", path, "not a path such as /events"));
    }
    let mut events = SecurityEvents::builder(issuers.clone());
    for audience in list("SECURITY_EVENTS_AUDIENCE")? {
        events = events.audience(audience);
    }
    Ok(events.build().map_err(|error| invalid(&error))?.router(&path))
}
