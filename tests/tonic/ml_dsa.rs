//! Tokens and proofs that are signed with ML-DSA, in calls to tonic's server over HTTP/2.
//!
//! These are the limits that `docs/issuers.md` names.

use portcullis::{
    Algorithm, AuthenticateLayer,
    binding::Dpop,
    testing::{DpopClient, TestIssuer},
};
use tokio::net::TcpListener;
use tonic::{
    Code, Request,
    transport::{Channel, Server, server::TcpIncoming},
};

use crate::{
    orders::{Wish, orders_client::OrdersClient},
    support::{API, connect, layer, shop, wish, with},
};

const URL: &str = "https://orders.example/orders.Orders/Create";

/// Starts a server that accepts this many bytes of headers, or as many as by default.
async fn serve(layer: AuthenticateLayer, max_headers: Option<u32>) -> OrdersClient<Channel> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().http2_max_header_list_size(max_headers);
    let server = server.layer(layer).add_routes(shop());
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    OrdersClient::new(connect(address).await)
}

#[tokio::test]
async fn a_token_of_8_kib_is_accepted_by_default() {
    let issuer = TestIssuer::new();
    let algorithms = [Algorithm::MlDsa44, Algorithm::MlDsa65, Algorithm::MlDsa87];
    // Before the keys are fetched, because unknown keys cause a fetch only once per cool-down.
    for algorithm in algorithms {
        issuer.publish(algorithm);
    }
    let mut orders = serve(layer(&issuer), None).await;
    for algorithm in algorithms {
        let token = issuer.token().algorithm(algorithm).audience(API).scope("orders:write");
        let token = token.claim("groups", "g".repeat(4_000).into()).mint();
        assert!(token.len() > 8 * 1024, "{algorithm}: {} bytes", token.len());
        let order = orders.create(with(&format!("Bearer {token}"), wish("tea"))).await;
        assert_eq!(order.unwrap().into_inner().owner, "alice", "{algorithm}");
    }
}

#[tokio::test]
async fn a_token_and_a_proof_of_ml_dsa_87_need_a_larger_limit() {
    let issuer = TestIssuer::new();
    let client = DpopClient::new(Algorithm::MlDsa87, issuer.clock());
    let token = issuer.token().algorithm(Algorithm::MlDsa87).audience(API).scope("orders:write");
    let token = token.claim("cnf", client.confirmation()).mint();
    let dpop = Dpop::builder(API).clock(issuer.clock()).algorithms([Algorithm::MlDsa87]);
    let layer = layer(&issuer).dpop(dpop.build().unwrap());
    let call = || -> Request<Wish> {
        let mut request = with(&format!("DPoP {token}"), wish("tea"));
        let proof = client.proof("POST", URL, &token).sign();
        request.metadata_mut().insert("dpop", proof.parse().unwrap());
        request
    };

    let mut by_default = serve(layer.clone(), None).await;
    let rejected = by_default.create(call()).await.unwrap_err();
    assert_ne!(rejected.code(), Code::Unauthenticated, "the layer isn't reached: {rejected}");

    let mut configured = serve(layer, Some(32 * 1024)).await;
    assert_eq!(configured.create(call()).await.unwrap().into_inner().owner, "alice");
}
