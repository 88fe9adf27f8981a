//! A client of any protocol.

use std::{error::Error, net::SocketAddr, time::Duration};

use http::HeaderValue;
use tokio::time;

use crate::{grpc::Grpc, http1::Http1, http2::Http2, protocol::Protocol, reply::Reply};

/// How many connections are opened at the start. HTTP/1.1 opens more if it needs them.
const CONNECTIONS_OF_HTTP1: usize = 16;
const CONNECTIONS_OF_HTTP2: usize = 4;

/// How long a request waits for a response.
const PATIENCE: Duration = Duration::from_secs(10);

pub enum Client {
    Http1(Http1),
    Http2(Http2),
    Grpc(Grpc),
}

impl Client {
    pub async fn connect(protocol: Protocol, address: SocketAddr) -> Result<Self, Box<dyn Error>> {
        Ok(match protocol {
            Protocol::Http1 => Self::Http1(Http1::connect(address, CONNECTIONS_OF_HTTP1).await?),
            Protocol::Http2 => Self::Http2(Http2::connect(address, CONNECTIONS_OF_HTTP2).await?),
            Protocol::Grpc => Self::Grpc(Grpc::connect(address, CONNECTIONS_OF_HTTP2).await?),
        })
    }

    /// Sends a request with this `Authorization`, and waits for the whole response.
    pub async fn send(&self, authorization: Option<&HeaderValue>) -> Reply {
        let reply = time::timeout(PATIENCE, async {
            let failed = |error: &dyn Error| Reply::Other(error.to_string());
            match self {
                Self::Http1(http1) => {
                    http1.send(authorization).await.unwrap_or_else(|it| failed(&it))
                }
                Self::Http2(http2) => {
                    http2.send(authorization).await.unwrap_or_else(|it| failed(&it))
                }
                Self::Grpc(grpc) => grpc.send(authorization).await,
            }
        });
        reply.await.unwrap_or_else(|_| Reply::Other("no response".to_owned()))
    }
}
