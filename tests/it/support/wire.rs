//! Observes and delays the requests of a verifier.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use http::{HeaderMap, Request};
use portcullis::{
    http_client::{HttpClient, HttpResponseFuture},
    testing::TestClient,
};
use tokio::sync::watch;

/// Wraps an HTTP client. Records its requests, and can hold them. Clones share their state.
#[derive(Debug, Clone)]
pub struct Wire(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: TestClient,
    requests: Mutex<Vec<RecordedRequest>>,
    in_progress: Arc<AtomicUsize>,
    held: watch::Sender<bool>,
}

/// A request that was sent.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    pub uri: String,
    pub headers: HeaderMap,
}

impl Wire {
    pub fn to(client: TestClient) -> Self {
        let (held, _) = watch::channel(false);
        Self(Arc::new(Inner {
            client,
            requests: Mutex::default(),
            in_progress: Arc::default(),
            held,
        }))
    }

    /// Holds all requests from now on.
    pub fn hold(&self) {
        self.0.held.send_replace(true);
    }

    /// Sends the requests that were held.
    pub fn release(&self) {
        self.0.held.send_replace(false);
    }

    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.0.requests.lock().unwrap().clone()
    }

    /// The number of requests to that path.
    pub fn requests_to(&self, path: &str) -> usize {
        self.requests().iter().filter(|request| request.uri.ends_with(path)).count()
    }

    /// The number of requests that are neither complete nor cancelled.
    pub fn in_progress(&self) -> usize {
        self.0.in_progress.load(Ordering::SeqCst)
    }
}

impl HttpClient for Wire {
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        let recorded =
            RecordedRequest { uri: request.uri().to_string(), headers: request.headers().clone() };
        self.0.requests.lock().unwrap().push(recorded);
        let (client, mut held) = (self.0.client.clone(), self.0.held.subscribe());
        let counted = Counted::one_more(&self.0.in_progress);
        Box::pin(async move {
            let _counted = counted;
            held.wait_for(|held| !held).await.expect("the wire is there");
            client.send(request, max_body).await
        })
    }
}

/// Counts one request until it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn one_more(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
