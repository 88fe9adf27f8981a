//! A server on loopback that closes its connections as a test configures.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Response;
use portcullis::testing::TestIssuer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

use crate::support::host::wire_format;

/// A server that stops when it is dropped.
pub struct Server {
    url: String,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

/// When a server closes a connection.
#[derive(Debug, Clone, Copy)]
pub enum Close {
    /// After it has been idle for this time.
    AfterIdle(Duration),
    /// Instead of responding to the second request.
    OnReuse,
    /// Instead of responding to the second request, with a reset (RST).
    OnReuseWithReset,
    /// Instead of responding to any request.
    OnEveryRequest,
    /// Never. It doesn't respond either.
    Never,
}

impl Server {
    /// Starts a server that responds to a path with a response.
    pub async fn start(
        close: Close,
        respond: impl Fn(&str) -> Response<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let counts = Arc::<Counts>::default();
        let task = tokio::spawn(accept(listener, close, Arc::clone(&counts), Arc::new(respond)));
        Self { url, counts, task }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Respond = dyn Fn(&str) -> Response<Vec<u8>> + Send + Sync;

async fn accept(listener: TcpListener, close: Close, counts: Arc<Counts>, respond: Arc<Respond>) {
    while let Ok((stream, _)) = listener.accept().await {
        counts.connections.fetch_add(1, Ordering::SeqCst);
        let (counts, respond) = (Arc::clone(&counts), Arc::clone(&respond));
        tokio::spawn(async move {
            // The client may close the connection at any time.
            let _ = converse(stream, close, &counts, &*respond).await;
        });
    }
}

async fn converse(
    mut stream: TcpStream,
    close: Close,
    counts: &Counts,
    respond: &Respond,
) -> std::io::Result<()> {
    for request in 1.. {
        let idle = match close {
            Close::AfterIdle(idle) => idle,
            _ => Duration::from_secs(3600),
        };
        let Ok(first) = timeout(idle, stream.read_u8()).await else { return Ok(()) };
        let first = first?;
        counts.requests.fetch_add(1, Ordering::SeqCst);
        if matches!(close, Close::OnReuseWithReset) && request == 2 {
            // Bytes that were not read make the system send RST instead of FIN.
            return Ok(());
        }
        let path = read_request(&mut stream, first).await?;
        match close {
            Close::OnEveryRequest => return Ok(()),
            Close::OnReuse if request == 2 => return Ok(()),
            Close::Never => std::future::pending().await,
            _ => stream.write_all(&wire_format(&respond(&path))).await?,
        }
    }
    Ok(())
}

/// Reads a whole request and returns its path.
async fn read_request(stream: &mut TcpStream, first: u8) -> std::io::Result<String> {
    let mut head = vec![first];
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(0, |length| length.trim().parse().unwrap());
    stream.read_exact(&mut vec![0; length]).await?;
    Ok(head.split(' ').nth(1).expect("a request line").to_owned())
}

/// Returns what an issuer responds at its own URL.
pub fn as_issuer(issuer: TestIssuer) -> impl Fn(&str) -> Response<Vec<u8>> + Send + Sync + 'static {
    move |path| {
        let body = if path == "/jwks" {
            issuer.jwk_set()
        } else {
            serde_json::json!({ "issuer": issuer.issuer(), "jwks_uri": issuer.jwks_uri() })
                .to_string()
        };
        Response::builder()
            .header("content-type", "application/json")
            .body(body.into_bytes())
            .unwrap()
    }
}
