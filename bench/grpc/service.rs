//! A service that does nothing.

use tokio_stream::Pending;
use tonic::{Request, Response, Status, Streaming};

use super::orders::{CancelRequest, Imported, ListRequest, Order, Wish, orders_server::Orders};

pub(super) struct Clerk;

#[tonic::async_trait]
impl Orders for Clerk {
    type ListStream = Pending<Result<Order, Status>>;
    type ConverseStream = Pending<Result<Order, Status>>;

    async fn create(&self, _: Request<Wish>) -> Result<Response<Order>, Status> {
        Ok(Response::new(Order::default()))
    }

    async fn list(&self, _: Request<ListRequest>) -> Result<Response<Self::ListStream>, Status> {
        Ok(Response::new(tokio_stream::pending()))
    }

    async fn import(&self, _: Request<Streaming<Wish>>) -> Result<Response<Imported>, Status> {
        Ok(Response::new(Imported::default()))
    }

    async fn converse(
        &self,
        _: Request<Streaming<Wish>>,
    ) -> Result<Response<Self::ConverseStream>, Status> {
        Ok(Response::new(tokio_stream::pending()))
    }

    async fn cancel(&self, _: Request<CancelRequest>) -> Result<Response<Order>, Status> {
        Ok(Response::new(Order::default()))
    }
}
