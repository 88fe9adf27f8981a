//! Channels of tonic's client.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use tonic::{
    Code, Extensions, Request,
    metadata::MetadataMap,
    transport::{Channel, Endpoint, Error},
};

use crate::{
    orders::{Wish, orders_client::OrdersClient},
    reply::Reply,
};

/// Channels that calls use in turn.
pub struct Grpc {
    channels: Vec<OrdersClient<Channel>>,
    next: AtomicUsize,
}

impl Grpc {
    pub async fn connect(address: SocketAddr, channels: usize) -> Result<Self, Error> {
        let mut all = Vec::new();
        for _ in 0..channels {
            let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
            all.push(OrdersClient::new(endpoint.connect().await?));
        }
        Ok(Self { channels: all, next: AtomicUsize::new(0) })
    }

    pub async fn send(&self, authorization: Option<&HeaderValue>) -> Reply {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let mut client = self.channels[next % self.channels.len()].clone();
        let headers = authorization.map(|value| (AUTHORIZATION, value.clone()));
        let metadata = MetadataMap::from_headers(HeaderMap::from_iter(headers));
        let call = Request::from_parts(metadata, Extensions::new(), Wish::default());
        match client.create(call).await {
            Ok(_) => Reply::of_grpc(Code::Ok, false),
            Err(status) => {
                Reply::of_grpc(status.code(), status.metadata().contains_key("retry-after"))
            }
        }
    }
}
