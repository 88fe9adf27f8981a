//! axum and tonic on one port, behind one layer and one policy table.
#![cfg(all(feature = "axum", feature = "reqwest"))]

use std::net::SocketAddr;

use axum::{
    Router,
    routing::{get, post},
};
use http::Method;
use portcullis::{Access, Identity, Policies, testing::TestIssuer};
use tokio::net::TcpListener;
use tonic::{
    Code,
    service::Routes,
    transport::{Server, server::TcpIncoming},
};

use crate::{
    orders::{orders_client::OrdersClient, orders_server::OrdersServer},
    support::{API, READ, Shop, WRITE, challenges, connect, layer, scoped, wish},
};

async fn serve(issuer: &TestIssuer) -> SocketAddr {
    let policies = Policies::builder()
        .grpc("/orders.Orders/*", WRITE)
        .route(Method::GET, "/orders/{id}", READ)
        .route(Method::GET, "/health", Access::Anonymous)
        .route(Method::POST, "/orders", Access::Authenticated)
        .build()
        .unwrap();
    let http = Router::new()
        .route(
            "/orders/{id}",
            get(async |identity: Identity| identity.subject().unwrap_or_default().to_owned()),
        )
        .route("/orders", post(async |_: Identity| "posted"))
        .route("/health", get("ok"))
        .route("/admin", get("secret"));
    let services = Routes::from(http).add_service(OrdersServer::new(Shop));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = Server::builder().accept_http1(true).layer(layer(issuer).policies(policies));
    let server = server.add_routes(services).serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(server);
    address
}

#[tokio::test]
async fn http_requests_are_rejected_in_http_and_grpc_calls_in_grpc() {
    let issuer = TestIssuer::new();
    let address = serve(&issuer).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = |scope: &str| issuer.token().audience(API).scope(scope).mint();
    let (without_scope, read) = (token(""), token("orders:read"));

    let lacking = r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.", scope="orders:read""#;
    let missing = r#"Bearer realm="orders""#;
    let missing_read = r#"Bearer realm="orders", scope="orders:read""#;
    let missing_write = r#"Bearer realm="orders", scope="orders:write""#;
    for (path, token, status, challenge) in [
        ("/health", None, 200, None),
        ("/orders/1", None, 401, Some(missing_read)),
        ("/orders/1", Some(&without_scope), 403, Some(lacking)),
        ("/orders/1", Some(&read), 200, None),
        ("/admin", None, 401, Some(missing)),
        ("/admin", Some(&read), 403, None),
    ] {
        let mut request = http.get(format!("http://{address}{path}"));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{path} {token:?}");
        let header = response.headers().get("www-authenticate").map(|line| line.to_str().unwrap());
        assert_eq!(header, challenge, "{path} {token:?}");
        if status >= 400 {
            let body: serde_json::Value = response.json().await.unwrap();
            assert_eq!(body["statusCode"], status);
        }
    }

    let mut grpc = OrdersClient::new(connect(address).await);
    let status = grpc.create(wish("tea")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(challenges(&status), [missing_write]);
    let status = grpc.create(scoped(&issuer, "orders:read", wish("tea"))).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(challenges(&status)[0].ends_with(r#"scope="orders:write""#));
    grpc.create(scoped(&issuer, "orders:write", wish("tea"))).await.unwrap();
}

#[tokio::test]
async fn the_content_type_affects_only_the_format_of_a_rejection() {
    let issuer = TestIssuer::new();
    let address = serve(&issuer).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{address}/orders");
    let response = http.post(&url).header("content-type", "application/grpc").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["grpc-status"], "16");
    assert_eq!(response.text().await.unwrap(), "");
    let token = issuer.token().audience(API).mint();
    let request = http.post(&url).header("content-type", "application/grpc").bearer_auth(token);
    assert_eq!(request.send().await.unwrap().text().await.unwrap(), "posted");
}
