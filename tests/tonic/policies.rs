//! One policy table for several services: methods by name, and anonymous access to health and reflection.

use http::uri::PathAndQuery;
use portcullis::{Access, Policies, testing::TestIssuer};
use tonic::{Code, Request, client::Grpc, service::Routes, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest,
};
use tonic_types::StatusExt;

use crate::{
    orders::{Order, Wish, orders_server::OrdersServer},
    support::{API, READ, Shop, WRITE, layer, scoped, serve, wish},
};

fn policies() -> Policies {
    Policies::builder()
        .grpc("/orders.Orders/*", READ)
        .grpc("/orders.Orders/Create", WRITE)
        .grpc("/orders.Orders/Cancel", Access::Deny)
        .grpc("/grpc.health.v1.Health/*", Access::Anonymous)
        .grpc("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Access::Anonymous)
        .build()
        .unwrap()
}

/// Orders, health and reflection behind one layer.
async fn channel(issuer: &TestIssuer) -> Channel {
    let (_, health) = tonic_health::server::health_reporter();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .unwrap();
    let services = Routes::new(OrdersServer::new(Shop)).add_service(health).add_service(reflection);
    serve(layer(issuer).policies(policies()), services).await
}

/// Calls the method at a path.
async fn call(channel: &Channel, path: &str, request: Request<Wish>) -> (Code, String) {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let path: PathAndQuery = path.parse().unwrap();
    let codec = ProstCodec::<Wish, Order>::default();
    match client.unary(request, path, codec).await {
        Ok(_) => (Code::Ok, String::new()),
        Err(status) => {
            let reason = status.get_details_error_info().map(|info| info.reason);
            (status.code(), reason.unwrap_or_default())
        }
    }
}

const DENIED: (Code, &str) = (Code::PermissionDenied, "ACCESS_DENIED");
const SCOPE: (Code, &str) = (Code::PermissionDenied, "INSUFFICIENT_SCOPE");
const MISSING: (Code, &str) = (Code::Unauthenticated, "MISSING_CREDENTIALS");
// The call was let through, but the service doesn't have the method.
const UNKNOWN: (Code, &str) = (Code::Unimplemented, "");

#[tokio::test]
async fn each_method_requires_what_its_row_lists_in_any_spelling() {
    let issuer = TestIssuer::new();
    let channel = channel(&issuer).await;
    // Without a token, with a token for reading, and for writing.
    for (path, outcomes) in [
        ("/orders.Orders/Create", [MISSING, SCOPE, (Code::Ok, "")]),
        ("/orders.Orders/Other", [MISSING, UNKNOWN, SCOPE]),
        ("/orders.Orders/Cancel", [MISSING, DENIED, DENIED]),
        ("/grpc.health.v1.Health/Other", [UNKNOWN, UNKNOWN, UNKNOWN]),
        ("/other.Service/Create", [MISSING, DENIED, DENIED]),
        ("/orders.Orders/create", [MISSING, DENIED, DENIED]),
        ("/orders.Orders/CANCEL", [MISSING, DENIED, DENIED]),
        ("/Orders.Orders/Create", [MISSING, DENIED, DENIED]),
        ("/orders.Orders/Create/", [MISSING, DENIED, DENIED]),
        ("/orders.Orders/", [MISSING, DENIED, DENIED]),
        ("/orders.Orders//Create", [MISSING, DENIED, DENIED]),
        ("//orders.Orders/Create", [MISSING, DENIED, DENIED]),
        ("/orders.Orders/./Create", [MISSING, DENIED, DENIED]),
        ("/x/../orders.Orders/Create", [MISSING, DENIED, DENIED]),
        ("/orders.Orders/%43reate", [MISSING, DENIED, DENIED]),
        ("/orders.Orders%2FCreate", [MISSING, DENIED, DENIED]),
        ("/orders.Orders/Create%00", [MISSING, DENIED, DENIED]),
        ("/grpc.health.v1.health/Check", [MISSING, DENIED, DENIED]),
    ] {
        let requests = [
            Request::new(wish("tea")),
            scoped(&issuer, "orders:read", wish("tea")),
            scoped(&issuer, "orders:write", wish("tea")),
        ];
        for (request, (code, reason)) in requests.into_iter().zip(outcomes) {
            let shown = format!("{path} {:?}", request.metadata().get("authorization").is_some());
            assert_eq!(call(&channel, path, request).await, (code, reason.to_owned()), "{shown}");
        }
    }
}

#[tokio::test]
async fn health_and_reflection_can_allow_anonymous_calls() {
    let issuer = TestIssuer::new();
    let channel = channel(&issuer).await;
    let health = HealthClient::new(channel.clone()).check(HealthCheckRequest::default()).await;
    assert_eq!(health.unwrap().into_inner().status, 1);
    let watched = HealthClient::new(channel.clone()).watch(HealthCheckRequest::default()).await;
    assert_eq!(watched.unwrap().into_inner().message().await.unwrap().unwrap().status, 1);

    let question = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(channel);
    let responses = client.server_reflection_info(tokio_stream::once(question)).await.unwrap();
    let response = responses.into_inner().message().await.unwrap().unwrap();
    assert!(format!("{response:?}").contains("grpc.health.v1.Health"));
}

#[tokio::test]
async fn an_anonymous_method_rejects_invalid_tokens() {
    let issuer = TestIssuer::new();
    let channel = channel(&issuer).await;
    let other = issuer.token().audience("https://other.example").mint();
    let valid = issuer.token().audience(API).mint();
    for (token, code) in [(valid, Code::Ok), (other, Code::Unauthenticated)] {
        let request =
            crate::support::with(&format!("Bearer {token}"), HealthCheckRequest::default());
        let checked = HealthClient::new(channel.clone()).check(request).await;
        assert_eq!(checked.map_or_else(|status| status.code(), |_| Code::Ok), code);
    }
}
