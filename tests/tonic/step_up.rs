//! Step-up authentication (RFC 9470) and roles in gRPC.

use std::time::{Duration, SystemTime};

use portcullis::{
    Access, Clock, Policies, RequestIdentity, identity::Authentication, testing::TestIssuer,
};
use serde_json::json;
use tonic::{Code, Request, Response, Status, Streaming, service::Routes};
use tonic_types::StatusExt;

use crate::{
    orders::{
        CancelRequest, Imported, ListRequest, Order, Wish,
        orders_client::OrdersClient,
        orders_server::{Orders, OrdersServer},
    },
    support::{API, ResponseStream, Shop, WRITE, layer, serve, wish, with},
};

fn recent_mfa() -> Authentication {
    Authentication::acr(["urn:example:mfa"]).max_age(Duration::from_secs(300))
}

/// Requires step-up in the method itself.
#[derive(Debug)]
struct Handler;

#[tonic::async_trait]
impl Orders for Handler {
    async fn create(&self, request: Request<Wish>) -> Result<Response<Order>, Status> {
        request.identity()?.require_authentication(&recent_mfa())?;
        Ok(Response::new(Order::default()))
    }

    type ListStream = ResponseStream<Order>;

    async fn list(
        &self,
        _: Request<ListRequest>,
    ) -> Result<Response<ResponseStream<Order>>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn import(&self, _: Request<Streaming<Wish>>) -> Result<Response<Imported>, Status> {
        Err(Status::unimplemented(""))
    }

    type ConverseStream = ResponseStream<Order>;

    async fn converse(
        &self,
        _: Request<Streaming<Wish>>,
    ) -> Result<Response<ResponseStream<Order>>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn cancel(&self, _: Request<CancelRequest>) -> Result<Response<Order>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn assert_step_up(status: &Status) {
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(status.message(), "A different authentication level is required");
    let challenge = status.metadata().get("www-authenticate").unwrap().to_str().unwrap();
    assert!(
        challenge.ends_with(
            r#"error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="urn:example:mfa", max_age="300""#
        ),
        "{challenge}"
    );
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.reason, "INSUFFICIENT_USER_AUTHENTICATION");
    assert_eq!(info.metadata["error"], "insufficient_user_authentication");
    assert_eq!(info.metadata["acr_values"], "urn:example:mfa");
    assert_eq!(info.metadata["max_age"], "300");
}

#[tokio::test]
async fn a_step_up_is_unauthenticated_with_challenge_and_details() {
    let issuer = TestIssuer::new();
    let policies = Policies::builder()
        .grpc("/orders.Orders/Create", Access::from(WRITE).and(recent_mfa()))
        .build()
        .unwrap();
    let by_row = layer(&issuer).policies(policies).clock(issuer.clock());
    let by_row = serve(by_row, Routes::new(OrdersServer::new(Shop))).await;
    let by_handler = layer(&issuer).clock(issuer.clock());
    let by_handler = serve(by_handler, Routes::new(OrdersServer::new(Handler))).await;
    let now = issuer.clock().now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for channel in [by_row, by_handler] {
        let mut client = OrdersClient::new(channel);
        let token = || issuer.token().audience(API).scope("orders:write");
        let call = |token: String| with(&format!("Bearer {token}"), wish("tea"));
        let status = client.create(call(token().mint())).await.unwrap_err();
        assert_step_up(&status);
        let stepped_up =
            token().claim("acr", json!("urn:example:mfa")).claim("auth_time", json!(now)).mint();
        assert!(client.create(call(stepped_up)).await.is_ok());
    }
}

#[tokio::test]
async fn a_missing_role_is_permission_denied_without_a_challenge() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).roles("roles").build().unwrap();
    let policies =
        Policies::builder().grpc("/orders.Orders/Create", Access::role("admin")).build().unwrap();
    let layer = portcullis::AuthenticateLayer::bearer(verifier).policies(policies);
    let mut client = OrdersClient::new(serve(layer, Routes::new(OrdersServer::new(Shop))).await);
    for (roles, scope, code) in [
        (json!(["admin"]), "orders:write", Code::Ok),
        (json!(["user"]), "orders:write admin", Code::PermissionDenied),
    ] {
        let token = issuer.token().audience(API).scope(scope).claim("roles", roles).mint();
        let request = with(&format!("Bearer {token}"), wish("tea"));
        match client.create(request).await {
            Ok(_) => assert_eq!(code, Code::Ok),
            Err(status) => {
                assert_eq!(status.code(), code);
                assert!(status.metadata().get("www-authenticate").is_none());
                assert_eq!(status.get_details_error_info().unwrap().reason, "ACCESS_DENIED");
            }
        }
    }
}
