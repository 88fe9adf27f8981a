//! The test issuer on a socket.

use std::{fmt, io, net::SocketAddr, ops::Deref};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use super::{TestClock, TestIssuer, endpoints};
use crate::http_client::HttpError;

/// A [`TestIssuer`] on loopback: see [`TestIssuer::serve`]. It stops when it is dropped.
///
/// ```
/// use portcullis::testing::TestIssuer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let issuer = TestIssuer::serve().await?;
/// assert!(issuer.issuer().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
pub struct ServedIssuer {
    issuer: TestIssuer,
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl TestIssuer {
    /// Starts an issuer on a free loopback port, with discovery, keys, a token endpoint and
    /// introspection. Its clock is running. The issuer stops when the returned value is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if no port is available.
    pub async fn serve() -> io::Result<ServedIssuer> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let issuer = Self::with_clock(format!("http://{address}"), TestClock::running());
        let server = tokio::spawn(accept(listener, issuer.clone()));
        Ok(ServedIssuer { issuer, address, server })
    }
}

impl ServedIssuer {
    /// Returns the address on which it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Deref for ServedIssuer {
    type Target = TestIssuer;

    fn deref(&self) -> &TestIssuer {
        &self.issuer
    }
}

impl Drop for ServedIssuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl fmt::Debug for ServedIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedIssuer").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Accepts connections. They are closed when the returned future is dropped.
async fn accept(listener: TcpListener, issuer: TestIssuer) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, issuer.clone()));
    }
}

async fn serve(stream: TcpStream, issuer: TestIssuer) {
    let service = service_fn(move |request: Request<Incoming>| {
        let issuer = issuer.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = Limited::new(body, 1024 * 1024).collect().await;
            let body = body.map_err(HttpError::transport)?.to_bytes();
            let response = endpoints::respond(&issuer, Request::from_parts(head, body.to_vec()));
            response.await.map(|response| response.map(|body| Full::new(Bytes::from(body))))
        }
    });
    // A client that disconnects isn't an error of the server.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
