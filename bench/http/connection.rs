//! One connection, kept alive: requests are bytes made beforehand, and of answers only the status is
//! looked at, so that the client takes as little of the processor as it can.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(4096) })
    }

    /// Sends a request and waits for all of its answer.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(length) = length(&self.answer) {
                while self.answer.len() < length {
                    if self.stream.read_buf(&mut self.answer).await? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                return status(&self.answer).ok_or_else(|| io::ErrorKind::InvalidData.into());
            }
        }
    }
}

/// How long the answer is, once its head is there.
fn length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n")?;
    let lines = std::str::from_utf8(&answer[..head]).ok()?.lines();
    let body = lines.filter_map(|line| line.split_once(": "));
    let mut body = body.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let body = body.find_map(|(_, value)| value.parse().ok());
    Some(head + 4 + body.unwrap_or(0))
}

/// After `HTTP/1.1 `.
fn status(answer: &[u8]) -> Option<u16> {
    std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
}
