//! Streams that are still open when their token expires.
//!
//! tonic's client calls the service without a connection, so that tokio's clock can be paused.

use std::time::Duration;

use portcullis::{
    AuthenticateLayer, EndAtExpiryLayer, Identity, RequestIdentity, authenticate::Authenticate,
    expiry::EndAtExpiry, testing::TestIssuer,
};
use tokio_stream::StreamExt;
use tonic::{Code, Request, Response, Status, Streaming, service::Routes};
use tonic_types::StatusExt;
use tower::ServiceBuilder;

use crate::{
    orders::{
        CancelRequest, Imported, ListRequest, Order, Wish,
        orders_client::OrdersClient,
        orders_server::{Orders, OrdersServer},
    },
    support::{API, ResponseStream, layer, with},
};

/// Sends an order every ten seconds, without end.
struct Endless;

#[tonic::async_trait]
impl Orders for Endless {
    async fn create(&self, _: Request<Wish>) -> Result<Response<Order>, Status> {
        Ok(Response::new(Order::default()))
    }

    type ListStream = ResponseStream<Order>;

    async fn list(
        &self,
        request: Request<ListRequest>,
    ) -> Result<Response<ResponseStream<Order>>, Status> {
        request.identity()?;
        let orders = tokio_stream::iter(1..).then(|id| async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok(Order { id, ..Order::default() })
        });
        Ok(Response::new(Box::pin(orders)))
    }

    async fn import(&self, _: Request<Streaming<Wish>>) -> Result<Response<Imported>, Status> {
        std::future::pending().await
    }

    type ConverseStream = ResponseStream<Order>;

    async fn converse(
        &self,
        _: Request<Streaming<Wish>>,
    ) -> Result<Response<ResponseStream<Order>>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::pending())))
    }

    async fn cancel(&self, _: Request<CancelRequest>) -> Result<Response<Order>, Status> {
        Err(Status::not_found("no"))
    }
}

fn service(issuer: &TestIssuer, ending: EndAtExpiryLayer) -> Authenticate<EndAtExpiry<Routes>> {
    ServiceBuilder::new()
        .layer(layer(issuer))
        .layer(ending.clock(issuer.clock()))
        .service(Routes::new(OrdersServer::new(Endless)))
}

/// A call with a token that expires in a hundred seconds.
fn call<T>(issuer: &TestIssuer, message: T) -> Request<T> {
    let token = issuer.token().audience(API).expires_in(Duration::from_secs(100)).mint();
    with(&format!("Bearer {token}"), message)
}

/// Advances the issuer's clock together with tokio's.
fn advance_with_tokio(issuer: &TestIssuer) {
    let clock = issuer.clock();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            clock.advance(Duration::from_millis(500));
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_unauthenticated_when_its_token_expires() {
    let issuer = TestIssuer::new();
    advance_with_tokio(&issuer);
    for (leeway, sent) in [(Some(0), 10), (Some(30), 13), (None, 16)] {
        let ending = match leeway {
            Some(seconds) => EndAtExpiryLayer::new().leeway(Duration::from_secs(seconds)),
            None => EndAtExpiryLayer::new(),
        };
        let mut client = OrdersClient::new(service(&issuer, ending));
        let orders = client.list(call(&issuer, ListRequest {})).await.unwrap().into_inner();
        let orders: Vec<_> = orders.collect().await;
        let (last, orders) = orders.split_last().unwrap();
        assert!(orders.iter().all(Result::is_ok));
        assert!((sent - 1..=sent).contains(&orders.len()), "{leeway:?}: {}", orders.len());
        let status = last.as_ref().unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unauthenticated, "Token expired."));
        assert_eq!(
            status.metadata().get("www-authenticate").unwrap(),
            r#"Bearer realm="restricted", error="invalid_token", error_description="Token expired.""#
        );
        assert_eq!(status.get_details_error_info().unwrap().reason, "TOKEN_EXPIRED");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_ends_when_its_token_expires() {
    let issuer = TestIssuer::new();
    advance_with_tokio(&issuer);
    let mut client = OrdersClient::new(service(&issuer, EndAtExpiryLayer::new()));
    let responses = client.converse(call(&issuer, tokio_stream::pending())).await.unwrap();
    let status = responses.into_inner().message().await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unauthenticated, "Token expired."));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_before_expiry_is_unchanged() {
    let issuer = TestIssuer::new();
    let mut client = OrdersClient::new(service(&issuer, EndAtExpiryLayer::new()));
    client.create(call(&issuer, Wish::default())).await.unwrap();
    let status = client.cancel(call(&issuer, CancelRequest { id: 1 })).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "no"));
    let status = client.create(Wish::default()).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unauthenticated, "Authentication required.")
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_without_expiry_ends_no_stream() {
    let layer = AuthenticateLayer::bearer(AcceptWithoutExpiry);
    let service = ServiceBuilder::new()
        .layer(layer)
        .layer(EndAtExpiryLayer::new())
        .service(Routes::new(OrdersServer::new(Endless)));
    let mut client = OrdersClient::new(service);
    let orders = client.list(with("Bearer x", ListRequest {})).await.unwrap().into_inner();
    let orders: Vec<_> = orders.take(10_000).collect().await;
    assert!(orders.iter().all(Result::is_ok));
}

/// Over HTTP/1.1 and HTTP/2. The layer's clock is ahead, so that every stream ends immediately.
#[cfg(all(feature = "axum", feature = "reqwest"))]
#[tokio::test]
async fn clients_over_connections_receive_the_end_of_a_stream() {
    use axum::{Router, body::Body, routing::get};
    use portcullis::{Clock, testing::TestClock};
    use tonic::transport::{Server, server::TcpIncoming};

    use crate::support::connect;

    let issuer = TestIssuer::new();
    let ahead = TestClock::at(issuer.clock().now() + Duration::from_secs(24 * 60 * 60));
    let endless = |media_type| async move {
        let nothing = tokio_stream::pending::<Result<&str, std::convert::Infallible>>();
        ([("content-type", media_type)], Body::from_stream(nothing))
    };
    let http = Router::new()
        .route("/events", get(move || endless("text/event-stream")))
        .route("/export", get(move || endless("text/csv")));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = Server::builder()
        .accept_http1(true)
        .layer(layer(&issuer))
        .layer(EndAtExpiryLayer::new().clock(ahead));
    let services = Routes::from(http).add_service(OrdersServer::new(Endless));
    tokio::spawn(server.add_routes(services).serve_with_incoming(TcpIncoming::from(listener)));

    let mut grpc = OrdersClient::new(connect(address).await);
    let mut orders = grpc.list(call(&issuer, ListRequest {})).await.unwrap().into_inner();
    let status = orders.message().await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unauthenticated, "Token expired."));

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = issuer.token().audience(API).mint();
    let get = |path| http.get(format!("http://{address}{path}")).bearer_auth(&token).send();
    assert_eq!(get("/events").await.unwrap().text().await.unwrap(), "");
    // The head of the response may or may not have been sent.
    let exported = async { get("/export").await?.text().await };
    assert!(exported.await.is_err(), "aborted");
}

struct AcceptWithoutExpiry;

impl portcullis::Verify<portcullis::BearerToken<'_>> for AcceptWithoutExpiry {
    fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
        portcullis::Verification::ready(Ok(Identity::assertion().build()))
    }
}
