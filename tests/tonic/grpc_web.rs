//! grpc-web, translated by tonic-web inside the layer, outside it, or not at all.

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

/// What a call over HTTP/1.1 looks like.
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

struct Answer {
    head: http::response::Parts,
    body: Bytes,
}

async fn read<B: http_body::Body<Data = Bytes>>(response: Response<B>) -> Answer
where
    B::Error: std::fmt::Debug,
{
    let (head, body) = response.into_parts();
    Answer { head, body: body.collect().await.unwrap().to_bytes() }
}

/// The layer around tonic-web, tonic-web around the layer, and the layer with nothing that translates.
async fn ask(issuer: &TestIssuer, media_type: &str, token: Option<&str>) -> [Answer; 3] {
    let shop = || Routes::new(OrdersServer::new(Shop)).prepare();
    let outside = layer(issuer)
        .layer(tower::ServiceBuilder::new().layer(GrpcWebLayer::new()).service(shop()));
    let inside = GrpcWebLayer::new().layer(layer(issuer).layer(shop()));
    let alone = layer(issuer).layer(shop());
    let call = || call(media_type, token).map(tonic::body::Body::new);
    [
        read(outside.oneshot(call()).await.unwrap()).await,
        read(inside.oneshot(call()).await.unwrap()).await,
        read(alone.oneshot(call()).await.unwrap()).await,
    ]
}

#[tokio::test]
async fn a_rejection_is_read_from_the_headers_wherever_the_translation_is() {
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
            for (place, answer) in
                ["outside", "inside", "alone"].iter().zip(ask(&issuer, media_type, token).await)
            {
                let Answer { head, body } = answer;
                assert_eq!(head.status, StatusCode::OK, "{place} {media_type}");
                let answered = head.headers["content-type"].to_str().unwrap();
                let family = media_type.trim_end_matches("+proto");
                assert_eq!(answered.trim_end_matches("+proto"), family, "{place} {media_type}");
                let status = Status::from_header_map(&head.headers).unwrap();
                assert_eq!((status.code(), status.message()), (Code::Unauthenticated, message));
                assert_eq!(crate::support::challenges(&status).len(), 1, "{place}");
                assert_eq!(body, "", "{place} {media_type}");
            }
        }
    }
}

#[tokio::test]
async fn a_good_call_is_answered_and_a_method_s_rejection_is_as_the_layer_s() {
    let issuer = TestIssuer::new();
    let token = |scope: &str| issuer.token().audience(API).scope(scope).mint();
    let (read, write) = (token("orders:read"), token("orders:write"));
    let [outside, inside, _] = ask(&issuer, "application/grpc-web+proto", Some(&write)).await;
    for answer in [outside, inside] {
        let order = Order::decode(&answer.body[5..5 + usize::from(answer.body[4])]).unwrap();
        assert_eq!((&*order.owner, &*order.item), ("alice", "tea"));
        assert!(String::from_utf8_lossy(&answer.body).contains("grpc-status:0"));
    }
    let [outside, inside, _] = ask(&issuer, "application/grpc-web+proto", Some(&read)).await;
    for answer in [outside, inside] {
        let status = Status::from_header_map(&answer.head.headers).unwrap();
        assert_eq!(status.code(), Code::PermissionDenied);
        assert_eq!(answer.head.headers["content-type"], "application/grpc-web+proto");
        assert!(crate::support::challenges(&status)[0].starts_with(r#"Bearer realm="orders", "#));
        assert_eq!(answer.body, "");
    }
}
