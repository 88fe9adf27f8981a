//! A host on loopback, which comes and goes and says what a test wants.

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

/// A port of loopback that is this host's until it is dropped, up or down.
pub struct Host {
    address: SocketAddr,
    /// Holds the port while nobody listens.
    down: Option<TcpSocket>,
    server: Option<JoinHandle<()>>,
    requests: watch::Sender<usize>,
}

/// How a host answers.
#[derive(Clone)]
pub enum Talk {
    /// As that issuer does.
    Issuer(TestIssuer),
    /// With these bytes, after which it hangs up.
    Bytes(Arc<[u8]>),
    /// Not at all.
    Hang,
    /// With a byte of a body every 200 ms, without an end.
    Drip,
}

impl Host {
    /// A host that nobody can connect to yet.
    pub fn down() -> Self {
        let down = bound((Ipv4Addr::LOCALHOST, 0).into());
        let address = down.local_addr().unwrap();
        Self { address, down: Some(down), server: None, requests: watch::Sender::new(0) }
    }

    /// A host that is up.
    pub fn up(talk: Talk) -> Self {
        let mut host = Self::down();
        host.start(talk);
        host
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Comes up.
    pub fn start(&mut self, talk: Talk) {
        let listener = self.down.take().expect("a host that is down").listen(64).unwrap();
        self.server = Some(tokio::spawn(serve(listener, talk, self.requests.clone())));
    }

    /// Goes down, with all its connections.
    pub async fn kill(&mut self) {
        let server = self.server.take().expect("a host that is up");
        server.abort();
        let _ = server.await;
        self.down = Some(bound(self.address));
    }

    /// How many requests it has read.
    pub fn requests(&self) -> usize {
        *self.requests.borrow()
    }

    /// Waits until it has read that many.
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

async fn serve(listener: TcpListener, talk: Talk, requests: watch::Sender<usize>) {
    // Connections end with the set that they are in.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (talk, requests) = (talk.clone(), requests.clone());
        connections.spawn(async move {
            // A client that hangs up is no failure of the host's.
            let _ = converse(stream, talk, requests).await;
        });
    }
}

/// One connection, with one request after the other.
async fn converse(
    mut stream: TcpStream,
    talk: Talk,
    requests: watch::Sender<usize>,
) -> std::io::Result<()> {
    loop {
        let head = read_head(&mut stream).await?;
        requests.send_modify(|read| *read += 1);
        match &talk {
            Talk::Issuer(issuer) => {
                let response = answer(issuer, &head).await;
                stream.write_all(&response).await?;
            }
            Talk::Bytes(bytes) => {
                stream.write_all(bytes).await?;
                return stream.shutdown().await;
            }
            Talk::Hang => std::future::pending().await,
            Talk::Drip => {
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

/// What the issuer answers to a request with this head, as it goes over the wire.
async fn answer(issuer: &TestIssuer, head: &str) -> Vec<u8> {
    let path = head.split(' ').nth(1).expect("a request line");
    let origin: http::Uri = issuer.issuer().parse().expect("an address");
    let request = Request::get(format!("http://{}{path}", origin.authority().unwrap()));
    let request = request.body(Vec::new()).expect("a request");
    let response = issuer.http_client().send(request, usize::MAX).await;
    let response =
        response.unwrap_or_else(|_| Response::builder().status(500).body(vec![]).unwrap());
    wire_format(&response)
}

/// A response in HTTP/1.1.
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
