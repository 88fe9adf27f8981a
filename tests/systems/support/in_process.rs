//! An example's service inside the test, for what a process can't be told: the time, and what changes.

use axum::Router;
use tokio::{net::TcpListener, runtime::Runtime};

use super::{Answer, Client};

/// A service on a free port of loopback, until it is dropped.
pub(crate) struct InProcess {
    url: String,
    /// What serves.
    _runtime: Runtime,
}

impl InProcess {
    /// Serves what `make` makes, which may serve more beside it.
    pub(crate) fn start(make: impl AsyncFnOnce() -> Router) -> Self {
        let runtime = Runtime::new().unwrap();
        let url = runtime.block_on(async {
            let app = make().await;
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(axum::serve(listener, app).into_future());
            url
        });
        Self { url, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// As [`Service::ask`](super::Service::ask).
    pub(crate) fn ask(&self, command: &str, variables: &[(&str, &str)]) -> Answer {
        let url = [("URL", self.url.as_str())];
        Client::Socket.send(command, &[&url, variables].concat())
    }
}
