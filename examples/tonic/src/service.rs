//! The order service, to copy from. The table of the layer defines the scopes of each method.

use std::{pin::Pin, sync::Arc};

use portcullis::{RequestIdentity, Scope};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use crate::orders::{CancelRequest, Imported, ListRequest, Order, Wish, orders_server::Orders};

/// Grants access to the orders of other users.
const ADMIN: Scope = Scope::from_static("orders:admin");

/// The orders of all users. Clones share them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Shop(Arc<Mutex<Vec<Order>>>);

/// The claims that this service reads. A token without `sub` is rejected.
#[derive(Debug, Deserialize)]
struct Caller {
    sub: String,
}

type Answers = Pin<Box<dyn Stream<Item = Result<Order, Status>> + Send>>;

#[tonic::async_trait]
impl Orders for Shop {
    async fn create(&self, request: Request<Wish>) -> Result<Response<Order>, Status> {
        let caller = request.claims::<Caller>()?;
        Ok(Response::new(self.place(&caller.sub, request.into_inner()).await))
    }

    type ListStream = Answers;

    async fn list(&self, request: Request<ListRequest>) -> Result<Response<Answers>, Status> {
        let caller = request.claims::<Caller>()?;
        let orders = self.0.lock().await.clone();
        let orders = orders.into_iter().filter(move |order| order.owner == caller.sub).map(Ok);
        Ok(Response::new(Box::pin(tokio_stream::iter(orders))))
    }

    async fn import(
        &self,
        request: Request<Streaming<Wish>>,
    ) -> Result<Response<Imported>, Status> {
        let caller = request.claims::<Caller>()?;
        let mut wishes = request.into_inner();
        let mut orders = 0_u32;
        while let Some(wish) = wishes.message().await? {
            self.place(&caller.sub, wish).await;
            orders = orders.saturating_add(1);
        }
        Ok(Response::new(Imported { orders }))
    }

    type ConverseStream = Answers;

    async fn converse(
        &self,
        request: Request<Streaming<Wish>>,
    ) -> Result<Response<Answers>, Status> {
        let caller = request.claims::<Caller>()?;
        let shop = self.clone();
        let orders = request.into_inner().then(move |wish| {
            let (shop, caller) = (shop.clone(), Arc::clone(&caller));
            async move { Ok(shop.place(&caller.sub, wish?).await) }
        });
        Ok(Response::new(Box::pin(orders)))
    }

    /// Cancels an order, for its owner, and for those who may cancel any.
    async fn cancel(&self, request: Request<CancelRequest>) -> Result<Response<Order>, Status> {
        let (caller, identity) = (request.claims::<Caller>()?, request.identity()?.clone());
        let id = request.into_inner().id;
        let mut orders = self.0.lock().await;
        let place = orders.iter().position(|order| order.id == id);
        let place = place.ok_or_else(|| Status::not_found("No such order."))?;
        if orders.get(place).is_some_and(|order| order.owner != caller.sub) {
            identity.require(ADMIN)?;
        }
        Ok(Response::new(orders.remove(place)))
    }
}

impl Shop {
    async fn place(&self, owner: &str, wish: Wish) -> Order {
        let mut orders = self.0.lock().await;
        let id = orders.last().map_or(1, |last| last.id.saturating_add(1));
        let Wish { item, quantity } = wish;
        let order = Order { id, owner: owner.to_owned(), item, quantity };
        orders.push(order.clone());
        order
    }
}
