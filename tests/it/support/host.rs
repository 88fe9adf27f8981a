//! A host on loopback that tests start, stop and configure.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http::{Request, Response, header::CONTENT_LENGTH};
use portcullis::{http_client::HttpClient, testing::TestIssuer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// A port on loopback. The host keeps it until it is dropped, even while it is down.
pub struct Host {
    address: SocketAddr,
    /// Reserves the port while the host is down.
    down: Option<TcpSocket>,
    server: Option<JoinHandle<()>>,
    requests: watch::Sender<usize>,
}

/// How a host replies to requests.
#[derive(Clone)]
pub enum Reply {
    /// As that issuer would.
    Issuer(TestIssuer),
    /// With these bytes. Then it closes the connection.
    Bytes(Arc<[u8]>),
    /// Not at all.
    Hang,
    /// With one byte of the body every 200 ms, without end.
    Drip,
}

impl Host {
    /// A host that doesn't accept connections yet.
    pub fn down() -> Self {
        let down = bound((Ipv4Addr::LOCALHOST, 0).into());
        let address = down.local_addr().unwrap();
        Self { address, down: Some(down), server: None, requests: watch::Sender::new(0) }
    }

    /// A host that accepts connections.
    pub fn up(reply: Reply) -> Self {
        let mut host = Self::down();
        host.start(reply);
        host
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts accepting connections.
    pub fn start(&mut self, reply: Reply) {
        let listener = self.down.take().expect("a host that is down").listen(64).unwrap();
        self.server = Some(tokio::spawn(serve(listener, reply, self.requests.clone())));
    }

    /// Stops, and closes all connections.
    pub async fn kill(&mut self) {
        let server = self.server.take().expect("a host that is up");
        server.abort();
        let _ = server.await;
        self.down = Some(bound(self.address));
    }

    /// The number of requests that the host has read.
    pub fn requests(&self) -> usize {
        *self.requests.borrow()
    }

    /// Waits until the host has read that many requests.
    pub async fn has_read(&self, requests: usize) {
        self.requests.subscribe().wait_for(|read| *read >= requests).await.unwrap();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

async fn serve(listener: TcpListener, reply: Reply, requests: watch::Sender<usize>) {
    // Connections are closed when this set is dropped.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (reply, requests) = (reply.clone(), requests.clone());
        connections.spawn(async move {
            // It isn't an error if the client closes the connection.
            let _ = serve_connection(stream, reply, requests).await;
        });
    }
}

/// Serves the requests of one connection.
async fn serve_connection(
    mut stream: TcpStream,
    reply: Reply,
    requests: watch::Sender<usize>,
) -> std::io::Result<()> {
    loop {
        let head = read_head(&mut stream).await?;
        requests.send_modify(|read| *read += 1);
        match &reply {
            Reply::Issuer(issuer) => {
                let response = issuer_response(issuer, &head).await;
                stream.write_all(&response).await?;
            }
            Reply::Bytes(bytes) => {
                stream.write_all(bytes).await?;
                return stream.shutdown().await;
            }
            Reply::Hang => std::future::pending().await,
            Reply::Drip => {
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
                stream.write_all(head.as_bytes()).await?;
                loop {
                    stream.write_all(b" ").await?;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}

async fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// The issuer's response to a request with this head, in wire format.
async fn issuer_response(issuer: &TestIssuer, head: &str) -> Vec<u8> {
    let path = head.split(' ').nth(1).expect("a request line");
    let origin: http::Uri = issuer.issuer().parse().expect("an address");
    let request = Request::get(format!("http://{}{path}", origin.authority().unwrap()));
    let request = request.body(Vec::new()).expect("a request");
    let response = issuer.http_client().send(request, usize::MAX).await;
    let response =
        response.unwrap_or_else(|_| Response::builder().status(500).body(vec![]).unwrap());
    wire_format(&response)
}

/// Serializes a response as HTTP/1.1.
pub fn wire_format(response: &Response<Vec<u8>>) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let length = response.body().len();
    bytes.extend(format!("{CONTENT_LENGTH}: {length}\r\n\r\n").into_bytes());
    bytes.extend(response.body());
    bytes
}
