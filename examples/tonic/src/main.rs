//! A gRPC order service, and a client that calls it.
//!
//! ```sh
//! cargo run -p example-tonic
//! ```
//!
//! Starts an issuer and the service on free loopback ports. tonic's client makes valid and invalid calls of every kind.
//! Exits with status 0 if all outcomes are as expected, and with 1 otherwise.
//!
//! `orders.rs` is generated from `proto/orders.proto`, without protoc, by
//! `cargo run --manifest-path examples/tonic/codegen/Cargo.toml`.

mod calls;
#[allow(clippy::all, clippy::pedantic, unreachable_pub, reason = "generated")]
#[rustfmt::skip]
mod orders;
mod service;

use std::{error::Error, process::ExitCode, time::Duration};

use orders::{orders_client::OrdersClient, orders_server::OrdersServer};
use portcullis::{
    Access, AuthenticateLayer, BasicCredentials, BasicVerifier, ConfigError, Identity, JwtVerifier,
    Policies, Scope, ScopeSet, Secret, testing::TestIssuer,
};
use service::Shop;
use tokio::net::TcpListener;
use tonic::transport::{Endpoint, Server, server::TcpIncoming};

/// The audience of the tokens.
const API: &str = "https://orders.example";

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");

/// What each method requires. Methods without a row are denied.
fn policies() -> Result<Policies, ConfigError> {
    Policies::builder()
        .grpc("/orders.Orders/List", READ)
        .grpc("/orders.Orders/Create", WRITE)
        .grpc("/orders.Orders/Converse", WRITE)
        .grpc("/orders.Orders/Import", READ.and(WRITE))
        .grpc("/orders.Orders/Cancel", Access::Authenticated)
        .build()
}

/// The clerk has a password, and two attempts to enter it.
fn clerks() -> Result<BasicVerifier, ConfigError> {
    let clerk = || Identity::assertion().claims_json(r#"{"sub":"clerk"}"#);
    let password = Secret::from("correct horse battery staple");
    let verifier = BasicVerifier::builder(move |credentials: BasicCredentials| {
        let is_right =
            credentials.user_id() == "clerk" && Secret::from(credentials.password()) == password;
        async move {
            let scopes = ScopeSet::from_wire("orders:read orders:write");
            Ok(is_right.then(|| clerk().scopes(scopes).build()))
        }
    });
    verifier.guess_limit(2, Duration::from_secs(10)).build()
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let issuer = TestIssuer::serve().await?;
    // The example advances the clock. A real service needs none here.
    let verifier =
        JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock()).build()?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("An issuer at {}, and a service at {url}:", issuer.issuer());
    let server = Server::builder()
        .layer(
            AuthenticateLayer::bearer(verifier)
                .basic(clerks()?)
                .realm("orders")
                .policies(policies()?),
        )
        .add_service(OrdersServer::new(Shop::default()))
        .serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(server);

    let channel = Endpoint::from_shared(url)?.connect().await?;
    calls::make_all(OrdersClient::new(channel), &issuer).await
}
