//! The document by aide.

use std::error::Error;

use aide::{
    NoApi,
    axum::{
        ApiRouter,
        routing::{delete_with, get_with},
    },
    openapi::{Info, OpenApi},
};
use axum::{Json, extract::Path};
use http::StatusCode;
use portcullis::Identity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Documented, security::with_security};

/// An order.
#[derive(Serialize, JsonSchema)]
struct Order {
    id: u32,
    owner: Option<String>,
}

/// The order in a path.
#[derive(Deserialize, JsonSchema)]
struct OrderId {
    #[expect(dead_code, reason = "this example has no orders")]
    id: u32,
}

async fn status() -> &'static str {
    "up"
}

// The identity isn't part of the document: `security` says who may call.
async fn list(NoApi(identity): NoApi<Identity>) -> Json<Vec<Order>> {
    Json(vec![Order { id: 1, owner: identity.subject().map(str::to_owned) }])
}

async fn place(NoApi(identity): NoApi<Identity>) -> (StatusCode, Json<Order>) {
    (StatusCode::CREATED, Json(Order { id: 2, owner: identity.subject().map(str::to_owned) }))
}

async fn cancel(Path(_): Path<OrderId>) -> StatusCode {
    StatusCode::NO_CONTENT
}

pub(crate) fn documented() -> Result<Documented, Box<dyn Error>> {
    let info = Info { title: "Orders".to_owned(), version: "1".to_owned(), ..Info::default() };
    let mut document = OpenApi { info, ..OpenApi::default() };
    let routes = ApiRouter::new()
        .api_route(
            "/status",
            get_with(status, |operation| operation.summary("Says whether the service runs.")),
        )
        .api_route(
            "/orders",
            get_with(list, |operation| operation.summary("Lists the caller's orders."))
                .post_with(place, |operation| {
                    operation.summary("Places an order.").response::<201, Json<Order>>()
                }),
        )
        .api_route(
            "/orders/{id}",
            delete_with(cancel, |operation| {
                operation.summary("Cancels an order.").response::<204, ()>()
            }),
        )
        .finish_api(&mut document);
    Ok(Documented { routes, document: with_security(&document)? })
}
