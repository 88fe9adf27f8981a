//! The authorization server: keys, and introspection. Both can fail.

use std::{
    future::pending,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    routing::{get, post},
};
use http::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use portcullis::testing::{TestClock, TestIssuer};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    task::{JoinHandle, JoinSet},
};

use crate::tokens::{API, READ};

/// Clients never connect from this address, so no connection takes the port while nothing listens on it.
const HOST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// How the authorization server fails.
#[derive(Debug, Clone, Copy)]
pub enum Outage {
    /// It refuses connections.
    Refuses,
    /// It accepts connections and never responds.
    Hangs,
}

/// An authorization server on loopback.
pub struct AuthorizationServer {
    /// Signs the tokens.
    pub issuer: TestIssuer,
    address: SocketAddr,
    keys: Arc<Mutex<String>>,
    runtime: Handle,
    /// Accepts connections. All of them are closed when it is aborted.
    accepting: Mutex<Option<JoinHandle<()>>>,
}

impl AuthorizationServer {
    /// Starts it on a free port, without keys.
    pub fn start(runtime: Handle) -> Self {
        let listener = runtime.block_on(TcpListener::bind((HOST, 0))).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let issuer = TestIssuer::with_clock(format!("http://{address}"), TestClock::running());
        let this =
            Self { issuer, address, keys: Arc::default(), runtime, accepting: Mutex::default() };
        this.listen(listener, None);
        this
    }

    /// Sets the published keys.
    pub fn publish(&self, keys: &str) {
        keys.clone_into(&mut self.keys.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Begins an outage, which closes all connections.
    pub fn fail(&self, outage: Outage) {
        self.stop();
        if matches!(outage, Outage::Hangs) {
            self.listen(self.bind(), Some(outage));
        }
    }

    /// Ends an outage, which closes all connections.
    pub fn recover(&self) {
        self.stop();
        self.listen(self.bind(), None);
    }

    fn stop(&self) {
        let accepting = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(accepting) = accepting {
            accepting.abort();
            // The socket is closed once the task has ended.
            drop(self.runtime.block_on(accepting));
        }
    }

    fn bind(&self) -> TcpListener {
        self.runtime.block_on(TcpListener::bind(self.address)).expect("the port")
    }

    fn listen(&self, listener: TcpListener, outage: Option<Outage>) {
        let app = self.app();
        let accepting = self.runtime.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, app.clone(), outage));
            }
        });
        *self.accepting.lock().unwrap_or_else(PoisonError::into_inner) = Some(accepting);
    }

    fn app(&self) -> Router {
        let (issuer, keys) = (self.issuer.issuer().to_owned(), Arc::clone(&self.keys));
        let metadata = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks") });
        let jwks = async move || {
            let keys = keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
            ([(CONTENT_TYPE, "application/json")], keys)
        };
        Router::new()
            .route("/.well-known/openid-configuration", get(async || Json(metadata)))
            .route("/jwks", get(jwks))
            .route("/introspect", post(async || Json(active())))
    }
}

/// The introspection response, which doesn't depend on the token.
fn active() -> Value {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO).as_secs();
    json!({
        "active": true,
        "aud": API,
        "sub": "248289761001",
        "client_id": "orders-app",
        "scope": format!("openid profile {READ}"),
        "exp": now + 3600,
    })
}

async fn serve(stream: TcpStream, app: Router, outage: Option<Outage>) {
    if outage.is_some() {
        // Keeps the connection open.
        let _stream = stream;
        return pending().await;
    }
    let service = TowerToHyperService::new(app);
    // A client that disconnects isn't an error of the server.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
