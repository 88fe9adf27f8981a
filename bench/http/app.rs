//! The service under test, in a separate process, with authentication or without.

use std::{
    io::{Read, stdin},
    process, thread,
    time::Duration,
};

use axum::{Router, routing::get, serve::ListenerExt};
use portcullis::{
    AuthenticateLayer, Identity, IntrospectionVerifier, JwtVerifier, Policies, RequireScopeLayer,
    Scope,
};
use tokio::{net::TcpListener, runtime};
use tonic::transport::{Server, server::TcpIncoming};

use crate::{
    orders::orders_server::OrdersServer,
    server::Authentication,
    service::Clerk,
    tokens::{API, READ},
};

/// What every handler responds.
const BODY: &str = "ok";

/// How long a token waits for its turn to be introspected. By default, that is 5 seconds, in which more clients would
/// have to wait at a time than this benchmark has.
const QUEUE_TIMEOUT: Duration = Duration::from_millis(500);

/// Serves until standard input is closed: gRPC or HTTP, authentication, and the issuer.
pub fn serve(arguments: &[String]) {
    let [protocol, authentication, issuer] = arguments else { panic!("three arguments") };
    let layer = layer(authentication.parse().expect("authentication"), issuer);
    thread::spawn(|| {
        let _ = stdin().read(&mut [0]);
        process::exit(0);
    });
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        // On the worker thread, for this one isn't a worker.
        let served =
            if protocol == "grpc" { tokio::spawn(grpc(layer)) } else { tokio::spawn(http(layer)) };
        served.await.expect("no panic");
    });
}

async fn http(layer: Option<AuthenticateLayer>) {
    let app = match layer {
        Some(layer) => {
            let guard = RequireScopeLayer::new(Scope::from_static(READ));
            let read = get(async |_: Identity| BODY).route_layer(guard);
            Router::new().route("/read", read).layer(layer)
        }
        None => Router::new().route("/read", get(async || BODY)),
    };
    let listener = listen().await.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, app).await.expect("a listener");
}

async fn grpc(layer: Option<AuthenticateLayer>) {
    let incoming = TcpIncoming::from(listen().await).with_nodelay(Some(true));
    let orders = OrdersServer::new(Clerk);
    let served = match layer {
        Some(layer) => {
            let policies =
                Policies::builder().grpc("/orders.Orders/*", Scope::from_static(READ)).build();
            let layer = layer.policies(policies.expect("a valid table"));
            Server::builder().layer(layer).add_service(orders).serve_with_incoming(incoming).await
        }
        None => Server::builder().add_service(orders).serve_with_incoming(incoming).await,
    };
    served.expect("a listener");
}

async fn listen() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("{}", listener.local_addr().expect("an address"));
    listener
}

fn layer(authentication: Authentication, issuer: &str) -> Option<AuthenticateLayer> {
    match authentication {
        Authentication::None => None,
        Authentication::Jwt => {
            let verifier = JwtVerifier::builder(issuer).audience(API).build();
            Some(AuthenticateLayer::bearer(verifier.expect("a valid configuration")))
        }
        Authentication::Introspection => {
            let verifier = IntrospectionVerifier::builder(format!("{issuer}/introspect"))
                .client_secret_basic("orders-api", "s3cret")
                .audience(API)
                .queue_timeout(QUEUE_TIMEOUT)
                .build();
            Some(AuthenticateLayer::bearer(verifier.expect("a valid configuration")))
        }
    }
}
