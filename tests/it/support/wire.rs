//! What lies between a verifier and the servers that it asks.

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

/// An HTTP client around another one: it shows what was asked, and can be held up. Clones are the
/// same wire.
#[derive(Debug, Clone)]
pub struct Wire(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: TestClient,
    asked: Mutex<Vec<Asked>>,
    under_way: Arc<AtomicUsize>,
    held: watch::Sender<bool>,
}

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub uri: String,
    pub headers: HeaderMap,
}

impl Wire {
    pub fn to(client: TestClient) -> Self {
        let (held, _) = watch::channel(false);
        Self(Arc::new(Inner { client, asked: Mutex::default(), under_way: Arc::default(), held }))
    }

    /// From now on no request arrives.
    pub fn hold(&self) {
        self.0.held.send_replace(true);
    }

    /// The requests that were held arrive.
    pub fn release(&self) {
        self.0.held.send_replace(false);
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.0.asked.lock().unwrap().clone()
    }

    /// How often that path was asked for.
    pub fn requests_to(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.uri.ends_with(path)).count()
    }

    /// How many requests have neither an answer nor been given up.
    pub fn under_way(&self) -> usize {
        self.0.under_way.load(Ordering::SeqCst)
    }
}

impl HttpClient for Wire {
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        let asked = Asked { uri: request.uri().to_string(), headers: request.headers().clone() };
        self.0.asked.lock().unwrap().push(asked);
        let (client, mut held) = (self.0.client.clone(), self.0.held.subscribe());
        let counted = Counted::one_more(&self.0.under_way);
        Box::pin(async move {
            let _counted = counted;
            held.wait_for(|held| !held).await.expect("the wire is there");
            client.send(request, max_body).await
        })
    }
}

/// Counts as long as it lives.
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
