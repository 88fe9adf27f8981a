//! An order service, a server for it, and calls with tokens.

use std::pin::Pin;

use portcullis::{AuthenticateLayer, RequestIdentity, Scope, testing::TestIssuer};
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};
use tonic::{
    Request, Response, Status, Streaming,
    service::Routes,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};

use crate::orders::{
    CancelRequest, Imported, ListRequest, Order, Wish,
    orders_client::OrdersClient,
    orders_server::{Orders, OrdersServer},
};

/// The audience of the service's tokens.
pub const API: &str = "https://orders.example";
pub const READ: Scope = Scope::from_static("orders:read");
pub const WRITE: Scope = Scope::from_static("orders:write");

/// Each method requires a scope. An order belongs to the caller who creates it.
#[derive(Debug, Default)]
pub struct Shop;

pub type ResponseStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Orders for Shop {
    async fn create(&self, request: Request<Wish>) -> Result<Response<Order>, Status> {
        request.identity()?.require(WRITE)?;
        let owner = subject(&request)?;
        Ok(Response::new(order(owner, request.into_inner())))
    }

    type ListStream = ResponseStream<Order>;

    async fn list(
        &self,
        request: Request<ListRequest>,
    ) -> Result<Response<ResponseStream<Order>>, Status> {
        request.identity()?.require(READ)?;
        let owner = subject(&request)?;
        let wishes = ["tea", "a teapot"].map(|item| Wish { item: item.to_owned(), quantity: 1 });
        let orders = wishes.map(|wish| Ok(order(owner.clone(), wish)));
        Ok(Response::new(Box::pin(tokio_stream::iter(orders))))
    }

    async fn import(
        &self,
        request: Request<Streaming<Wish>>,
    ) -> Result<Response<Imported>, Status> {
        request.identity()?.require(READ.and(WRITE))?;
        let mut wishes = request.into_inner();
        let mut orders = 0;
        while wishes.message().await?.is_some() {
            orders += 1;
        }
        Ok(Response::new(Imported { orders }))
    }

    type ConverseStream = ResponseStream<Order>;

    /// A wish of `gold` requires another scope, which is checked in the middle of the stream.
    async fn converse(
        &self,
        request: Request<Streaming<Wish>>,
    ) -> Result<Response<ResponseStream<Order>>, Status> {
        let identity = request.identity()?.clone();
        let owner = subject(&request)?;
        let orders = request.into_inner().map(move |wish| {
            let wish = wish?;
            if wish.item == "gold" {
                identity.require(WRITE)?;
            }
            Ok(order(owner.clone(), wish))
        });
        Ok(Response::new(Box::pin(orders)))
    }

    /// The owner of the first order may be revealed, but not whether a second one exists.
    async fn cancel(&self, request: Request<CancelRequest>) -> Result<Response<Order>, Status> {
        let error = portcullis::Error::access_denied();
        if request.into_inner().id <= 1 {
            return Err(error.into());
        }
        let mut status = Status::not_found("No such order.");
        status.set_source(std::sync::Arc::new(error));
        Err(status)
    }
}

fn subject<T>(request: &Request<T>) -> Result<String, Status> {
    Ok(request.identity()?.require_subject()?.to_owned())
}

fn order(owner: String, wish: Wish) -> Order {
    Order { id: 1, owner, item: wish.item, quantity: wish.quantity }
}

pub fn shop() -> Routes {
    Routes::new(OrdersServer::new(Shop))
}

/// A layer for tokens of `issuer`, with the realm `orders`, for gRPC.
pub fn layer(issuer: &TestIssuer) -> AuthenticateLayer {
    let verifier = issuer.verifier().audience(API).build().unwrap();
    AuthenticateLayer::bearer(verifier).realm("orders").clock(issuer.clock()).grpc()
}

/// Starts tonic's server on loopback. It runs until the test ends.
pub async fn serve(layer: AuthenticateLayer, routes: Routes) -> Channel {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().layer(layer).add_routes(routes);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    connect(address).await
}

pub async fn connect(address: std::net::SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

/// The shop behind [`layer`].
pub async fn client(issuer: &TestIssuer) -> OrdersClient<Channel> {
    OrdersClient::new(serve(layer(issuer), shop()).await)
}

/// A call with that `authorization`.
pub fn with<T>(authorization: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", authorization.parse().unwrap());
    request
}

/// A call with a token of those scopes.
pub fn scoped<T>(issuer: &TestIssuer, scope: &str, message: T) -> Request<T> {
    let token = issuer.token().audience(API).scope(scope).mint();
    with(&format!("Bearer {token}"), message)
}

pub fn wish(item: &str) -> Wish {
    Wish { item: item.to_owned(), quantity: 2 }
}

/// The challenges of a rejection.
pub fn challenges(status: &Status) -> Vec<&str> {
    let lines = status.metadata().get_all("www-authenticate").iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}
