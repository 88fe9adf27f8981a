//! Connections of HTTP/1.1, which are kept alive. Of a response, only the status and one header are read, so that the
//! client needs little of the processor.

use std::{
    io,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use http::HeaderValue;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::reply::Reply;

/// A pool of connections, which opens another one for each request that finds none idle.
pub struct Http1 {
    address: SocketAddr,
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Http1 {
    /// Opens that many connections.
    pub async fn connect(address: SocketAddr, connections: usize) -> io::Result<Self> {
        let mut idle = Vec::new();
        for _ in 0..connections {
            idle.push(Connection::open(address).await?);
        }
        Ok(Self { address, idle: Mutex::new(idle) })
    }

    pub async fn send(&self, authorization: Option<&HeaderValue>) -> io::Result<Reply> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = idle().pop();
        let mut connection = match connection {
            Some(connection) => connection,
            None => Connection::open(self.address).await?,
        };
        let reply = connection.send(authorization).await?;
        idle().push(connection);
        Ok(reply)
    }
}

impl Connection {
    async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and waits for the whole response.
    async fn send(&mut self, authorization: Option<&HeaderValue>) -> io::Result<Reply> {
        let Self { stream, buffer } = self;
        buffer.clear();
        buffer.extend_from_slice(b"GET /read HTTP/1.1\r\nhost: localhost\r\n");
        if let Some(authorization) = authorization {
            buffer.extend_from_slice(b"authorization: ");
            buffer.extend_from_slice(authorization.as_bytes());
            buffer.extend_from_slice(b"\r\n");
        }
        buffer.extend_from_slice(b"\r\n");
        stream.write_all(buffer).await?;
        buffer.clear();
        loop {
            if stream.read_buf(buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(length) = length(buffer) {
                while buffer.len() < length {
                    if stream.read_buf(buffer).await? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                return reply(buffer).ok_or_else(|| io::ErrorKind::InvalidData.into());
            }
        }
    }
}

/// Returns the length of the response, once its head is complete.
fn length(response: &[u8]) -> Option<usize> {
    let end = response.windows(4).position(|end| end == b"\r\n\r\n")?;
    let length = header(&response[..end], "content-length").and_then(|value| value.parse().ok());
    Some(end + 4 + length.unwrap_or(0))
}

fn reply(response: &[u8]) -> Option<Reply> {
    // After `HTTP/1.1 `.
    let status = std::str::from_utf8(response.get(9..12)?).ok()?.parse().ok()?;
    Some(Reply::of_http(status, header(response, "retry-after").is_some()))
}

fn header<'a>(response: &'a [u8], name: &str) -> Option<&'a str> {
    let lines = std::str::from_utf8(response).ok()?.lines();
    let mut fields = lines.filter_map(|line| line.split_once(": "));
    fields.find_map(|(field, value)| field.eq_ignore_ascii_case(name).then_some(value))
}
