//! What a call costs behind our layer in front of tonic.
//!
//! A row is one unary call with an empty message, up to the head of its answer, without a connection.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench reports by panic"
)]

#[allow(clippy::all, clippy::pedantic, dead_code, unreachable_pub, reason = "generated")]
#[rustfmt::skip]
#[path = "../../examples/tonic/src/orders.rs"]
mod orders;
mod service;

use std::{fmt::Debug, hint::black_box, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, header::AUTHORIZATION};
use http_body_util::Full;
use portcullis::{Access, Algorithm::Rs256, Policies, Scope};
use tonic::{body::Body, service::Routes};
use tower::{Layer, Service, ServiceExt, layer::layer_fn};

use self::{orders::orders_server::OrdersServer, service::Clerk};
use crate::support::{
    baseline::Pass,
    figure::Figure::{Allocations, Difference},
    fixture::{Fixture, Memory},
    issuer::READ,
    rows::Row,
    services,
    subject::Subject,
};

const TONIC: &str = "tonic alone";
const SEEN: &str = "tonic, seen, RS256";

pub(crate) fn rows() -> Vec<Row> {
    let seen = |it: &Fixture| it.layer(&it.issuer, Memory::Default).grpc();
    vec![
        Row::new(TONIC, |it| good(it, routes())),
        Row::new("tonic, layer that does nothing", |it| good(it, layer_fn(Pass).layer(routes())))
            .shows(Difference(TONIC)),
        Row::new("tonic, identity known", |it| good(it, services::vouching().layer(routes())))
            .shows(Difference(TONIC))
            .shows(Allocations(TONIC)),
        Row::new(SEEN, move |it| good(it, seen(it).layer(routes())))
            .shows(Difference(TONIC))
            .shows(Allocations(TONIC)),
        Row::new("tonic, seen, RS256, policies", move |it| {
            good(it, seen(it).policies(policies()).layer(routes()))
        })
        .shows(Difference(SEEN))
        .bar(Allocations(SEEN), 0.0),
        Row::new("tonic, rejected, garbage", move |it| {
            calls(it, seen(it).layer(routes()), &["garbage".to_owned()], Some("16"))
        })
        .shows(Difference(TONIC))
        .shows(Allocations(TONIC)),
    ]
}

fn routes() -> Routes {
    Routes::new(OrdersServer::new(Clerk)).prepare()
}

/// A table as that of a service with several others beside it.
fn policies() -> Policies {
    let read = Scope::from_static(READ);
    let rows = Policies::builder()
        .grpc("/grpc.health.v1.Health/*", Access::Anonymous)
        .grpc("/grpc.reflection.v1.ServerReflection/*", Access::Anonymous)
        .grpc("/orders.Orders/*", Access::Deny)
        .grpc("/orders.Orders/Create", read.clone());
    let others =
        ["accounts.Accounts", "billing.Billing", "carts.Carts", "mail.Mail", "stock.Stock"];
    let rows =
        others.iter().fold(rows, |rows, service| rows.grpc(format!("/{service}/*"), read.clone()));
    rows.build().expect("a good table")
}

fn good<S, B>(it: &Fixture, service: S) -> Subject
where
    S: Service<Request<Body>, Response = Response<B>, Error: Debug> + Clone + Send + Sync + 'static,
{
    calls(it, service, &it.issuer.tokens(Rs256), None)
}

/// Calls with one token after another, that have been seen to come to that status, or to none in
/// their head.
fn calls<S, B>(it: &Fixture, service: S, tokens: &[String], status: Option<&str>) -> Subject
where
    S: Service<Request<Body>, Response = Response<B>, Error: Debug> + Clone + Send + Sync + 'static,
{
    let lines: Arc<[String]> = tokens.iter().map(|token| format!("Bearer {token}")).collect();
    for line in &*lines {
        let answer = it.runtime.block_on(service.clone().oneshot(call(line))).expect("an answer");
        let answered = answer.headers().get("grpc-status").map(|it| it.to_str().expect("a number"));
        assert_eq!(answered, status);
    }
    Subject::other(move |range| {
        let service = service.clone();
        let calls: Vec<_> = range.map(|n| call(&lines[n % lines.len()])).collect();
        Box::pin(async move {
            for call in calls {
                // tonic's server clones the service for each call, too.
                drop(black_box(service.clone().oneshot(call).await));
            }
        })
    })
}

fn call(line: &str) -> Request<Body> {
    let empty = Bytes::from_static(&[0; 5]);
    Request::post("/orders.Orders/Create")
        .header("content-type", "application/grpc")
        .header(AUTHORIZATION, line)
        .body(Body::new(Full::new(empty)))
        .expect("a valid call")
}
