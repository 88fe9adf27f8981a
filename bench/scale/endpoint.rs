//! An introspection endpoint that counts requests.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use http::{Request, Response, StatusCode};
use portcullis::http_client::{HttpClient, HttpError, HttpResponseFuture};
use serde_json::json;
use tokio::{sync::Semaphore, time::sleep};

use crate::{service::SERVICE, support::issuer::API};

/// The endpoint of all replicas, or a part of it.
#[derive(Clone)]
pub struct Endpoint(Arc<Inner>);

struct Inner {
    /// How many introspections it does at the same time. Others wait.
    workers: Semaphore,
    requests: AtomicU64,
    is_failing: AtomicBool,
}

impl Endpoint {
    /// Creates the endpoint for this part of the replicas, with the same part of its capacity if that is limited.
    pub fn new(part: f64, is_limited: bool) -> Self {
        let workers = SERVICE.endpoint_capacity * SERVICE.introspection.as_secs_f64() * part;
        let workers = if is_limited { workers.round() as usize } else { Semaphore::MAX_PERMITS };
        let (requests, is_failing) = (AtomicU64::new(0), AtomicBool::new(false));
        Self(Arc::new(Inner { workers: Semaphore::new(workers), requests, is_failing }))
    }

    /// Responds with 503 from now on.
    pub fn fail(&self) {
        self.0.is_failing.store(true, Ordering::Relaxed);
    }

    /// Returns the number of requests so far.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }
}

impl HttpClient for Endpoint {
    fn send(&self, request: Request<Vec<u8>>, _max_body: usize) -> HttpResponseFuture {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            inner.requests.fetch_add(1, Ordering::Relaxed);
            let worker = inner.workers.acquire().await.map_err(HttpError::transport)?;
            sleep(SERVICE.introspection).await;
            drop(worker);
            let mut response = Response::new(introspect(request.body()));
            if inner.is_failing.load(Ordering::Relaxed) {
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            }
            Ok(response)
        })
    }
}

/// Introspects a token that ends with its expiry (`….1800003600`). One without an expiry is inactive.
fn introspect(form: &[u8]) -> Vec<u8> {
    let form = str::from_utf8(form).unwrap_or_default();
    let token = form.split(['=', '&']).nth(1).unwrap_or_default();
    let expires_at: Option<u64> = token.rsplit_once('.').and_then(|(_, it)| it.parse().ok());
    let response = match expires_at {
        Some(exp) => json!({ "active": true, "sub": "alice", "aud": API, "exp": exp }),
        None => json!({ "active": false }),
    };
    response.to_string().into_bytes()
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoint")
    }
}
