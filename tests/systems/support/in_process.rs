//! The service of an example inside the test process, where the test controls the clock and the data.

use axum::Router;
use tokio::{net::TcpListener, runtime::Runtime};

use super::{Client, Response};

/// A service on a free loopback port. It stops when it is dropped.
pub(crate) struct InProcess {
    url: String,
    /// The runtime of the service.
    _runtime: Runtime,
}

impl InProcess {
    /// Serves the router that `make` returns. `make` may start other services.
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

    /// Sends a command, like [`Service::ask`](super::Service::ask).
    pub(crate) fn ask(&self, command: &str, variables: &[(&str, &str)]) -> Response {
        let url = [("URL", self.url.as_str())];
        Client::Socket.send(command, &[&url, variables].concat())
    }
}
