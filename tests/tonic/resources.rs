//! The challenges of calls to a resource that describes itself (RFC 9728), and its document beside a gRPC service.

use http::{Method, Request as HttpRequest};
use http_body_util::BodyExt;
use portcullis::{
    Access, AuthenticateLayer, Policies, ProtectedResource, scope::ScopeHierarchy,
    testing::TestIssuer,
};
use tonic::{Code, Request, body::Body};
use tower::{Layer, ServiceExt};

use crate::{
    orders::{ListRequest, orders_client::OrdersClient},
    support::{READ, WRITE, challenges, layer, scoped, serve, shop, wish},
};

const PATH: &str = "/.well-known/oauth-protected-resource/orders";
const METADATA: &str =
    r#"resource_metadata="https://api.example/.well-known/oauth-protected-resource/orders""#;

fn resource() -> ProtectedResource {
    ProtectedResource::builder("https://api.example/orders").build().unwrap()
}

fn policies() -> Policies {
    Policies::builder()
        .grpc("/orders.Orders/*", READ)
        .grpc("/orders.Orders/Import", READ.and(WRITE))
        .grpc("/orders.Orders/Converse", Access::Anonymous)
        .build()
        .unwrap()
}

fn described(issuer: &TestIssuer) -> AuthenticateLayer {
    layer(issuer).policies(policies()).resource(resource())
}

#[tokio::test]
async fn the_metadata_and_the_scopes_are_in_the_challenge_of_a_call() {
    let issuer = TestIssuer::new();
    let mut client = OrdersClient::new(serve(described(&issuer), shop()).await);
    let lacking = |scope: &str| {
        format!(
            r#"Bearer realm="orders", {METADATA}, error="insufficient_scope", error_description="Token lacks the required scope.", scope="{scope}""#
        )
    };
    let missing = |scope: &str| format!(r#"Bearer realm="orders", {METADATA}, scope="{scope}""#);

    let status = client.list(ListRequest {}).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(challenges(&status), [missing("orders:read")]);
    let status = client.import(tokio_stream::pending()).await.unwrap_err();
    assert_eq!(challenges(&status), [missing("orders:read orders:write")]);
    // The method requires an identity, and only it knows which scopes.
    let status = client.converse(tokio_stream::pending()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(challenges(&status), [format!(r#"Bearer realm="orders", {METADATA}"#)]);

    let status = client.list(scoped(&issuer, "x", ListRequest {})).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(challenges(&status), [lacking("orders:read")]);
    let call = scoped(&issuer, "orders:write", tokio_stream::pending());
    let status = client.import(call).await.unwrap_err();
    assert_eq!(challenges(&status), [lacking("orders:read orders:write")]);
    // The row is met, and the method requires another scope.
    let status = client.create(scoped(&issuer, "orders:read", wish("tea"))).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(challenges(&status), [lacking("orders:read orders:write")]);
}

#[tokio::test]
async fn several_schemes_are_challenged_in_metadata() {
    let issuer = TestIssuer::new();
    let layer = described(&issuer).token_scheme();
    let mut client = OrdersClient::new(serve(layer, shop()).await);
    let status = client.list(Request::new(ListRequest {})).await.unwrap_err();
    assert_eq!(
        challenges(&status),
        ["Bearer", "token"]
            .map(|scheme| format!(r#"{scheme} realm="orders", {METADATA}, scope="orders:read""#))
    );
}

#[tokio::test]
async fn a_hierarchy_applies_to_rows_and_methods() {
    let issuer = TestIssuer::new();
    let hierarchy = ScopeHierarchy::builder().implies(WRITE, [READ]).build().unwrap();
    let layer = described(&issuer).scope_hierarchy(hierarchy);
    let mut client = OrdersClient::new(serve(layer, shop()).await);
    let writer = scoped(&issuer, "orders:write", ListRequest {});
    assert!(client.list(writer).await.is_ok());
    assert!(client.create(scoped(&issuer, "orders:write", wish("tea"))).await.is_ok());
    let reader = client.create(scoped(&issuer, "orders:read", wish("tea"))).await.unwrap_err();
    assert_eq!(reader.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn the_document_is_served_beside_a_grpc_service() {
    let issuer = TestIssuer::new();
    let service = described(&issuer).layer(shop().prepare());
    for method in [Method::GET, Method::HEAD] {
        let request = HttpRequest::builder().method(&method).uri(PATH);
        let request = request.body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert!(!response.headers().contains_key("grpc-status"));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        if method == Method::GET {
            let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(document["resource"], "https://api.example/orders");
            let scopes = serde_json::json!(["orders:read", "orders:write"]);
            assert_eq!(document["scopes_supported"], scopes);
        } else {
            assert!(body.is_empty());
        }
    }
}
