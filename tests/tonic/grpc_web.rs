//! grpc-web, with tonic-web inside the layer, outside of it, or not at all.

use base64_simd::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use portcullis::testing::TestIssuer;
use prost::Message;
use tonic::{Code, Status, service::Routes};
use tonic_web::GrpcWebLayer;
use tower::{Layer, ServiceExt};

use crate::{
    orders::{Order, orders_server::OrdersServer},
    support::{API, Shop, layer, wish},
};

/// A grpc-web call over HTTP/1.1.
fn call(media_type: &str, token: Option<&str>) -> http::Request<Full<Bytes>> {
    let message = wish("tea").encode_to_vec();
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.extend(message);
    let is_text = media_type.contains("text");
    let body = if is_text { STANDARD.encode_to_string(&frame).into() } else { frame.freeze() };
    let request = http::Request::post("/orders.Orders/Create");
    let request = request.header("content-type", media_type).header("accept", media_type);
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    request.body(Full::new(body)).unwrap()
}

struct GrpcWebResponse {
    head: http::response::Parts,
    body: Bytes,
}

async fn read<B: http_body::Body<Data = Bytes>>(response: Response<B>) -> GrpcWebResponse
where
    B::Error: std::fmt::Debug,
{
    let (head, body) = response.into_parts();
    GrpcWebResponse { head, body: body.collect().await.unwrap().to_bytes() }
}

/// Calls a service with the layer around tonic-web, with tonic-web around the layer, and without tonic-web.
async fn ask(issuer: &TestIssuer, media_type: &str, token: Option<&str>) -> [GrpcWebResponse; 3] {
    let shop = || Routes::new(OrdersServer::new(Shop)).prepare();
    let outside = layer(issuer)
        .layer(tower::ServiceBuilder::new().layer(GrpcWebLayer::new()).service(shop()));
    let inside = GrpcWebLayer::new().layer(layer(issuer).layer(shop()));
    let without = layer(issuer).layer(shop());
    let call = || call(media_type, token).map(tonic::body::Body::new);
    [
        read(outside.oneshot(call()).await.unwrap()).await,
        read(inside.oneshot(call()).await.unwrap()).await,
        read(without.oneshot(call()).await.unwrap()).await,
    ]
}

#[tokio::test]
async fn a_rejection_consists_of_headers_inside_and_outside_tonic_web() {
    let issuer = TestIssuer::new();
    let expired = issuer.token().audience(API).mint();
    issuer.clock().advance(std::time::Duration::from_secs(24 * 60 * 60));
    for media_type in [
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpc-web-text",
        "application/grpc-web-text+proto",
    ] {
        for (token, message) in
            [(None, "Authentication required."), (Some(&*expired), "Token expired.")]
        {
            for (position, response) in
                ["outside", "inside", "without"].iter().zip(ask(&issuer, media_type, token).await)
            {
                let GrpcWebResponse { head, body } = response;
                assert_eq!(head.status, StatusCode::OK, "{position} {media_type}");
                let received = head.headers["content-type"].to_str().unwrap();
                let family = media_type.trim_end_matches("+proto");
                assert_eq!(received.trim_end_matches("+proto"), family, "{position} {media_type}");
                let status = Status::from_header_map(&head.headers).unwrap();
                assert_eq!((status.code(), status.message()), (Code::Unauthenticated, message));
                assert_eq!(crate::support::challenges(&status).len(), 1, "{position}");
                assert_eq!(body, "", "{position} {media_type}");
            }
        }
    }
}

#[tokio::test]
async fn rejections_by_methods_have_the_format_of_the_layer() {
    let issuer = TestIssuer::new();
    let token = |scope: &str| issuer.token().audience(API).scope(scope).mint();
    let (read, write) = (token("orders:read"), token("orders:write"));
    let [outside, inside, _] = ask(&issuer, "application/grpc-web+proto", Some(&write)).await;
    for response in [outside, inside] {
        let order = Order::decode(&response.body[5..5 + usize::from(response.body[4])]).unwrap();
        assert_eq!((&*order.owner, &*order.item), ("alice", "tea"));
        assert!(String::from_utf8_lossy(&response.body).contains("grpc-status:0"));
    }
    let [outside, inside, _] = ask(&issuer, "application/grpc-web+proto", Some(&read)).await;
    for response in [outside, inside] {
        let status = Status::from_header_map(&response.head.headers).unwrap();
        assert_eq!(status.code(), Code::PermissionDenied);
        assert_eq!(response.head.headers["content-type"], "application/grpc-web+proto");
        assert!(crate::support::challenges(&status)[0].starts_with(r#"Bearer realm="orders", "#));
        assert_eq!(response.body, "");
    }
}
