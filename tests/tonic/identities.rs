//! The identity of the caller, in methods.

use portcullis::{ErrorKind, RequestIdentity, error::TokenFault, testing::TestIssuer};
use serde::Deserialize;
use serde_json::json;
use tokio_stream::StreamExt;
use tonic::{Code, Request, Status, service::interceptor};

use crate::{
    orders::{ListRequest, orders_client::OrdersClient, orders_server::OrdersServer},
    support::{API, Shop, client, layer, scoped, serve, shop, wish, with},
};

#[tokio::test]
async fn unary_and_streaming_methods_can_read_the_identity() {
    let issuer = TestIssuer::new();
    let mut client = client(&issuer).await;
    let both = "orders:read orders:write";

    let order = client.create(scoped(&issuer, both, wish("tea"))).await.unwrap().into_inner();
    assert_eq!((&*order.owner, &*order.item, order.quantity), ("alice", "tea", 2));
    let listed = client.list(scoped(&issuer, both, ListRequest {})).await.unwrap().into_inner();
    let listed: Vec<_> = listed.map(|order| order.unwrap().owner).collect().await;
    assert_eq!(listed, ["alice", "alice"]);
    let wishes = tokio_stream::iter([wish("tea"), wish("milk"), wish("sugar")]);
    let imported = client.import(scoped(&issuer, both, wishes)).await.unwrap();
    assert_eq!(imported.into_inner().orders, 3);
    let wishes = tokio_stream::iter([wish("tea"), wish("gold")]);
    let orders = client.converse(scoped(&issuer, both, wishes)).await.unwrap().into_inner();
    let items: Vec<_> = orders.map(|order| order.unwrap().item).collect().await;
    assert_eq!(items, ["tea", "gold"]);
}

#[derive(Debug, Deserialize)]
struct Tenant {
    tenant_id: String,
}

#[tokio::test]
async fn an_interceptor_can_read_typed_claims() {
    let issuer = TestIssuer::new();
    let acme = |request: Request<()>| -> Result<Request<()>, Status> {
        match &*request.claims::<Tenant>()?.tenant_id {
            "acme" => Ok(request),
            _ => Err(portcullis::Error::access_denied().into()),
        }
    };
    let service = interceptor::InterceptedService::new(OrdersServer::new(Shop), acme);
    let mut client =
        OrdersClient::new(serve(layer(&issuer), tonic::service::Routes::new(service)).await);
    for (tenant, code, message) in [
        (json!("acme"), Code::Ok, ""),
        (json!("other"), Code::PermissionDenied, "Access denied."),
        (json!(7), Code::Unauthenticated, "Token claims invalid."),
    ] {
        let token = issuer.token().audience(API).scope("orders:write").claim("tenant_id", tenant);
        let called = client.create(with(&format!("Bearer {}", token.mint()), wish("tea"))).await;
        let status = called.err().unwrap_or(Status::ok(""));
        assert_eq!((status.code(), status.message()), (code, message));
    }
}

#[tokio::test]
async fn an_anonymous_call_is_unauthenticated_if_identity_is_required() {
    let issuer = TestIssuer::new();
    let channel = serve(layer(&issuer).allow_anonymous(), shop()).await;
    let status = OrdersClient::new(channel).create(wish("tea")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(status.metadata().get("www-authenticate").unwrap(), r#"Bearer realm="orders""#);
}

#[tokio::test]
async fn a_method_without_a_layer_fails_closed() {
    // The client calls the service directly, without a server.
    let mut client = OrdersClient::new(OrdersServer::new(Shop));
    let status = client.create(wish("tea")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Internal, "Internal error."));
}

#[test]
fn http_requests_have_identities() {
    let request = http::Request::new(());
    let kind = |error: portcullis::Error| error.kind();
    assert_eq!(request.identity().map_err(kind).unwrap_err(), ErrorKind::Misconfigured);
    let (parts, ()) = request.into_parts();
    assert_eq!(parts.optional_identity().map_err(kind).unwrap_err(), ErrorKind::Misconfigured);
    let error = parts.claims::<Tenant>().unwrap_err();
    assert_ne!(error.kind(), TokenFault::Claims.into());
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "`RequestIdentity` needs an AuthenticateLayer outside it");
}
