//! grpc-web from a browser: the preflight, and the status of a rejection, with the CORS layer outside.

use bytes::Bytes;
use http::{Request, Response, header::HeaderName};
use http_body_util::Full;
use portcullis::testing::TestIssuer;
use tonic::service::Routes;
use tonic_web::GrpcWebLayer;
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_http::cors::CorsLayer;

use crate::{
    orders::orders_server::OrdersServer,
    support::{Shop, layer},
};

const ORIGIN: &str = "https://app.example";

fn cors() -> CorsLayer {
    let exposed = ["grpc-status", "grpc-message", "grpc-status-details-bin", "www-authenticate"];
    let allowed = ["authorization", "content-type", "x-grpc-web"];
    CorsLayer::new()
        .allow_origin([ORIGIN.parse().unwrap()])
        .allow_methods([http::Method::POST])
        .allow_headers(allowed.map(HeaderName::from_static))
        .expose_headers(exposed.map(HeaderName::from_static))
}

fn request(method: &str, headers: &[(&str, &str)]) -> Request<tonic::body::Body> {
    let mut request =
        Request::builder().method(method).uri("/orders.Orders/Create").header("origin", ORIGIN);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(tonic::body::Body::new(Full::new(Bytes::new()))).unwrap()
}

async fn ask(request: Request<tonic::body::Body>, is_outside: bool) -> Response<()> {
    let issuer = TestIssuer::new();
    let shop = Routes::new(OrdersServer::new(Shop)).prepare();
    let web = ServiceBuilder::new().layer(GrpcWebLayer::new()).service(shop);
    if is_outside {
        let service = ServiceBuilder::new().layer(cors()).layer(layer(&issuer)).service(web);
        service.oneshot(request).await.unwrap().map(drop)
    } else {
        let inner = ServiceBuilder::new().layer(cors()).service(web);
        layer(&issuer).layer(inner).oneshot(request).await.unwrap().map(drop)
    }
}

#[tokio::test]
async fn a_preflight_is_rejected_in_http_if_cors_is_inside() {
    let preflight = [
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "x-grpc-web"),
    ];
    let response = ask(request("OPTIONS", &preflight), true).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["access-control-allow-origin"], ORIGIN);
    assert_eq!(response.headers()["access-control-allow-methods"], "POST");

    let response = ask(request("OPTIONS", &preflight), false).await;
    assert_eq!(response.status(), 401);
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn the_status_of_a_rejection_can_be_read_by_a_script() {
    let call = [("content-type", "application/grpc-web+proto")];
    let response = ask(request("POST", &call), true).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["grpc-status"]),
        (200, &"16".parse().unwrap())
    );
    assert_eq!(response.headers()["access-control-allow-origin"], ORIGIN);
    let exposed = response.headers()["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("grpc-status") && exposed.contains("www-authenticate"), "{exposed}");
}
