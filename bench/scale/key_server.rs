//! An issuer that counts requests for its metadata and its keys.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use http::{Request, Response, StatusCode, header::ETAG};
use portcullis::{
    http_client::{HttpClient, HttpResponseFuture},
    testing::{TestClient, TestClock, TestIssuer},
};
use tokio::time::sleep;

use crate::{clock::SimulatedClock, service::SERVICE};

/// How the issuer responds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Condition {
    Well,
    /// It responds with 503.
    Failing,
    /// It accepts requests, and never responds.
    Hanging,
}

/// The issuer of all replicas.
#[derive(Clone)]
pub struct KeyServer {
    pub issuer: TestIssuer,
    client: TestClient,
    clock: SimulatedClock,
    has_etag: bool,
    condition: Arc<AtomicU8>,
    requests: Arc<Mutex<Vec<Arrival>>>,
}

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    pub second: f64,
    pub is_for_keys: bool,
}

impl KeyServer {
    /// Creates an issuer with this `Cache-Control`, if any, and an `ETag` unless it has none.
    pub fn new(clock: SimulatedClock, cache_control: Option<&str>, has_etag: bool) -> Self {
        let issuer =
            TestIssuer::with_clock("https://issuer.test", TestClock::at(SimulatedClock::epoch()));
        if let Some(value) = cache_control {
            issuer.set_cache_control(value);
        }
        let client = issuer.http_client();
        let condition = Arc::new(AtomicU8::new(Condition::Well as u8));
        Self { issuer, client, clock, has_etag, condition, requests: Arc::default() }
    }

    /// Sets how the issuer responds from now on.
    pub fn set(&self, condition: Condition) {
        self.condition.store(condition as u8, Ordering::Relaxed);
    }

    /// Returns the requests so far.
    pub fn requests(&self) -> Vec<Arrival> {
        self.requests.lock().expect("no panic").clone()
    }

    /// Returns how many requests arrived from one second to another.
    pub fn count(&self, from: f64, to: f64, is_counted: impl Fn(&Arrival) -> bool) -> f64 {
        let all = self.requests();
        let within = all.iter().filter(|it| (from..to).contains(&it.second) && is_counted(it));
        within.count() as f64
    }
}

impl HttpClient for KeyServer {
    fn send(&self, request: Request<Vec<u8>>, max_body: usize) -> HttpResponseFuture {
        let this = self.clone();
        Box::pin(async move {
            let is_for_keys = request.uri().path().ends_with("/jwks");
            let arrival = Arrival { second: this.clock.seconds(), is_for_keys };
            this.requests.lock().expect("no panic").push(arrival);
            sleep(SERVICE.key_response).await;
            if this.condition.load(Ordering::Relaxed) == Condition::Hanging as u8 {
                sleep(Duration::MAX).await;
            }
            if this.condition.load(Ordering::Relaxed) == Condition::Failing as u8 {
                let mut response = Response::new(Vec::new());
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                return Ok(response);
            }
            let mut response = this.client.send(request, max_body).await?;
            if !this.has_etag {
                response.headers_mut().remove(ETAG);
            }
            Ok(response)
        })
    }
}

impl fmt::Debug for KeyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyServer")
    }
}
