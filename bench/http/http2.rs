//! Connections of HTTP/2.

use std::{
    error::Error,
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use http::{
    HeaderValue, Request,
    header::{AUTHORIZATION, RETRY_AFTER},
};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::reply::Reply;

/// Connections that requests use in turn.
pub struct Http2 {
    connections: Vec<SendRequest<Empty<Bytes>>>,
    next: AtomicUsize,
}

impl Http2 {
    pub async fn connect(address: SocketAddr, connections: usize) -> Result<Self, Box<dyn Error>> {
        let mut all = Vec::new();
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) =
                handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            all.push(sender);
        }
        Ok(Self { connections: all, next: AtomicUsize::new(0) })
    }

    pub async fn send(&self, authorization: Option<&HeaderValue>) -> hyper::Result<Reply> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let mut connection = self.connections[next % self.connections.len()].clone();
        connection.ready().await?;
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = "http://localhost/read".parse().expect("a URI");
        if let Some(authorization) = authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        let (head, body) = connection.send_request(request).await?.into_parts();
        body.collect().await?;
        Ok(Reply::of_http(head.status.as_u16(), head.headers.contains_key(RETRY_AFTER)))
    }
}
