//! DPoP (RFC 9449) in gRPC and grpc-web calls.

use http_body_util::BodyExt;
use portcullis::{
    Algorithm, AuthenticateLayer,
    binding::{Dpop, DpopBuilder},
    testing::{DpopClient, TestIssuer},
};
use tonic::{Code, Request, Status};
use tower::{Layer, ServiceExt};

use crate::{
    orders::{Wish, orders_client::OrdersClient},
    support::{API, challenges, layer, serve, shop, wish, with},
};

const URL: &str = "https://orders.example/orders.Orders/Create";
const SECRET: &str = "a secret of 32 bytes, the same on all replicas";

struct Setting {
    issuer: TestIssuer,
    client: DpopClient,
    token: String,
}

impl Setting {
    fn new() -> Self {
        let issuer = TestIssuer::new();
        let client = DpopClient::new(Algorithm::Es256, issuer.clock());
        let token = issuer.token().audience(API).scope("orders:write");
        let token = token.claim("cnf", client.confirmation()).mint();
        Self { issuer, client, token }
    }

    fn layer(&self, configure: impl FnOnce(DpopBuilder) -> DpopBuilder) -> AuthenticateLayer {
        let dpop = configure(Dpop::builder(API).clock(self.issuer.clock())).build().unwrap();
        layer(&self.issuer).dpop(dpop)
    }

    fn proof(&self, method: &str, url: &str) -> String {
        self.client.proof(method, url, &self.token).sign()
    }

    fn call(&self, proof: &str) -> Request<Wish> {
        let mut request = with(&format!("DPoP {}", self.token), wish("tea"));
        request.metadata_mut().insert("dpop", proof.parse().unwrap());
        request
    }
}

#[tokio::test]
async fn a_proof_is_for_the_path_of_a_grpc_method_by_post() {
    let setting = Setting::new();
    let mut orders = OrdersClient::new(serve(setting.layer(|dpop| dpop), shop()).await);
    let proof = setting.proof("POST", URL);
    let order = orders.create(setting.call(&proof)).await.unwrap().into_inner();
    assert_eq!((&*order.owner, &*order.item), ("alice", "tea"));
    let other = "https://orders.example/orders.Orders/List";
    for (case, proof, message) in [
        ("replayed", proof, "DPoP proof already used."),
        ("another method", setting.proof("POST", other), "DPoP proof is for another URL."),
        ("by GET", setting.proof("GET", URL), "DPoP proof is for another method."),
    ] {
        let status = orders.create(setting.call(&proof)).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unauthenticated, message), "{case}");
        let dpop = challenges(&status).into_iter().find(|line| line.starts_with("DPoP "));
        assert!(dpop.unwrap().contains("error=\"invalid_dpop_proof\""), "{case}");
    }
}

#[tokio::test]
async fn a_bound_token_needs_its_proof() {
    let setting = Setting::new();
    let mut orders = OrdersClient::new(serve(setting.layer(|dpop| dpop), shop()).await);
    let stolen = with(&format!("Bearer {}", setting.token), wish("tea"));
    let status = orders.create(stolen).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let mut both = with(&format!("Bearer {}", setting.token), wish("tea"));
    let proof = setting.proof("POST", URL).parse().unwrap();
    both.metadata_mut().insert("dpop", proof);
    assert_eq!(orders.create(both).await.unwrap_err().code(), Code::InvalidArgument);
    let token = setting.issuer.token().audience(API).scope("orders:write").mint();
    let unbound = with(&format!("Bearer {token}"), wish("tea"));
    assert!(orders.create(unbound).await.is_ok());
}

#[tokio::test]
async fn nonces_are_metadata() {
    let setting = Setting::new();
    let layer = setting.layer(|dpop| dpop.nonces(SECRET));
    let mut orders = OrdersClient::new(serve(layer, shop()).await);
    let status = orders.create(setting.call(&setting.proof("POST", URL))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let dpop = challenges(&status).into_iter().find(|line| line.starts_with("DPoP "));
    assert!(dpop.unwrap().contains("error=\"use_dpop_nonce\""));
    let nonce = status.metadata().get("dpop-nonce").unwrap().to_str().unwrap();
    let with_nonce = || {
        let proof = setting.client.proof("POST", URL, &setting.token);
        setting.call(&proof.nonce(nonce).sign())
    };
    let response = orders.create(with_nonce()).await.unwrap();
    assert!(!response.metadata().contains_key("dpop-nonce"));
    // Past half of its lifetime, the response to a call has the next one.
    setting.issuer.clock().advance(std::time::Duration::from_secs(151));
    let response = orders.create(with_nonce()).await.unwrap();
    assert!(response.metadata().contains_key("dpop-nonce"));
}

#[tokio::test]
async fn a_full_replay_store_is_unavailable() {
    let setting = Setting::new();
    let store = portcullis::binding::MemoryReplayStore::with_capacity(1);
    let layer = setting.layer(|dpop| dpop.replay_store(store.clock(setting.issuer.clock())));
    let mut orders = OrdersClient::new(serve(layer, shop()).await);
    let mut codes = Vec::new();
    for _ in 0..100 {
        let response = orders.create(setting.call(&setting.proof("POST", URL))).await;
        codes.push(response.map_or_else(|status| status.code(), |_| Code::Ok));
    }
    assert_eq!(codes[0], Code::Ok);
    assert!(codes.contains(&Code::Unavailable), "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, Code::Ok | Code::Unavailable)), "{codes:?}");
}

#[tokio::test]
async fn grpc_web_calls_are_proven_alike() {
    let setting = Setting::new();
    for (url, expected) in [(URL, None), ("https://orders.example/", Some(Code::Unauthenticated))] {
        let call = http::Request::post("/orders.Orders/Create")
            .header("content-type", "application/grpc-web+proto")
            .header("authorization", format!("DPoP {}", setting.token))
            .header("dpop", setting.proof("POST", url));
        // An empty message in its frame.
        let call = call.body(tonic::body::Body::new(http_body_util::Full::from(&[0_u8; 5][..])));
        let service = tonic_web::GrpcWebLayer::new().layer(shop().prepare());
        let service = setting.layer(|dpop| dpop).layer(service);
        let response = service.oneshot(call.unwrap()).await.unwrap();
        let status = Status::from_header_map(response.headers());
        assert_eq!(status.map(|status| status.code()), expected, "{url}");
        if expected.is_some() {
            assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
        }
    }
}
