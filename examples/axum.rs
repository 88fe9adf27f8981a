//! A small order service to copy from.
//!
//! ```sh
//! cargo run --example axum
//! ```
//!
//! It starts an issuer, and prints its URL and a command with a token. With these as `$URL` and `$TOKEN`:
//!
//! ```sh
//! curl -i $URL/health
//! curl -i $URL/orders
//! curl -i $URL/orders -H "Authorization: Bearer $TOKEN"
//! curl -i $URL/orders -H "Authorization: Bearer $TOKEN" --json '{"item":"tea","quantity":2}'
//! curl -i $URL/orders/1 -H "Authorization: Bearer $TOKEN"
//! curl -i $URL/orders/2 -H "Authorization: Bearer $TOKEN"
//! curl -i $URL/orders/2 -H "Authorization: Bearer $TOKEN" -X DELETE
//! curl -i $URL/me -H "Authorization: Bearer $TOKEN"
//! ```
//!
//! `LISTEN` sets the address and port, and `ISSUER` another trusted issuer.

use std::{collections::BTreeMap, env, error::Error as StdError, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Result},
    routing::{delete, get, post},
};
use portcullis::{
    AuthenticateLayer, Claims, Error, Identity, JwtVerifier, RequireScopeLayer, Scope,
    testing::TestIssuer,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{net::TcpListener, sync::Mutex};

/// The audience of this service. Tokens must be issued for it.
const API: &str = "https://orders.example";

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");
const ADMIN: Scope = Scope::from_static("orders:admin");

/// One layer authenticates, and each route declares the scopes that it requires. Routes that are added after the layer
/// don't need a token.
fn app(verifier: JwtVerifier, orders: Orders) -> Router {
    Router::new()
        .route("/orders", get(list).route_layer(RequireScopeLayer::new(READ)))
        .route("/orders", post(create).route_layer(RequireScopeLayer::new(READ.and(WRITE))))
        .route("/orders/{id}", get(show).route_layer(RequireScopeLayer::new(READ)))
        .route("/orders/{id}", delete(cancel).route_layer(RequireScopeLayer::new(READ.and(WRITE))))
        .route("/me", get(me))
        .layer(AuthenticateLayer::bearer(verifier).realm("orders"))
        .route("/health", get("ok"))
        .with_state(orders)
}

async fn list(State(orders): State<Orders>, caller: Claims<Caller>) -> Json<Vec<Order>> {
    let orders = orders.lock().await;
    Json(orders.values().filter(|order| order.owner == caller.sub).cloned().collect())
}

async fn create(
    State(orders): State<Orders>,
    caller: Claims<Caller>,
    Json(wish): Json<Wish>,
) -> impl IntoResponse {
    let mut orders = orders.lock().await;
    let id = orders.keys().max().map_or(1, |last| last.saturating_add(1));
    let order = Order { id, owner: caller.sub.clone(), wish };
    orders.insert(id, order.clone());
    (StatusCode::CREATED, Json(order))
}

/// Shows an order to its owner, and to those who may see all orders.
async fn show(
    State(orders): State<Orders>,
    identity: Identity,
    caller: Claims<Caller>,
    Path(id): Path<u32>,
) -> Result<Json<Order>> {
    let order = orders.lock().await.get(&id).cloned().ok_or(StatusCode::NOT_FOUND)?;
    if order.owner != caller.sub {
        identity.require(ADMIN)?;
    }
    Ok(Json(order))
}

/// Only the owner of an order can cancel it, whichever scopes others have.
async fn cancel(
    State(orders): State<Orders>,
    caller: Claims<Caller>,
    Path(id): Path<u32>,
) -> Result<StatusCode> {
    let mut orders = orders.lock().await;
    let order = orders.get(&id).ok_or(StatusCode::NOT_FOUND)?;
    if order.owner != caller.sub {
        return Err(Error::access_denied().into());
    }
    orders.remove(&id);
    Ok(StatusCode::NO_CONTENT)
}

async fn me(caller: Claims<Caller>) -> impl IntoResponse {
    Json(&*caller).into_response()
}

/// The claims that this service reads. A token without `sub` or `tenant` is rejected with 401.
#[derive(Deserialize, Serialize)]
struct Caller {
    sub: String,
    tenant: String,
    name: Option<String>,
}

/// Orders by number.
type Orders = Arc<Mutex<BTreeMap<u32, Order>>>;

#[derive(Clone, Serialize)]
struct Order {
    id: u32,
    owner: String,
    #[serde(flatten)]
    wish: Wish,
}

#[derive(Clone, Deserialize, Serialize)]
struct Wish {
    item: String,
    quantity: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let demo = TestIssuer::serve().await?;
    let (issuer, token) = match env::var("ISSUER") {
        Ok(issuer) => (issuer, "$TOKEN".to_owned()),
        Err(_) => (demo.issuer().to_owned(), demo_token(&demo)),
    };
    // Sends no request: the issuer's keys are fetched when the first token arrives.
    let verifier = JwtVerifier::builder(issuer).audience(API).build()?;

    let listen = env::var("LISTEN").unwrap_or("127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(listen).await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("curl -i {url}/orders -H \"Authorization: Bearer {token}\"");
    axum::serve(listener, app(verifier, demo_orders()))
        .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
        .await?;
    Ok(())
}

fn demo_token(issuer: &TestIssuer) -> String {
    issuer
        .token()
        .subject("alice")
        .audience(API)
        .scope("orders:read orders:write")
        .claim("tenant", json!("acme"))
        .expires_in(Duration::from_secs(60 * 60))
        .mint()
}

fn demo_orders() -> Orders {
    let order = |id, owner: &str, item: &str| {
        let wish = Wish { item: item.to_owned(), quantity: 1 };
        (id, Order { id, owner: owner.to_owned(), wish })
    };
    Arc::new(Mutex::new(BTreeMap::from([
        order(1, "alice", "a teapot"),
        order(2, "bob", "a kettle"),
    ])))
}
