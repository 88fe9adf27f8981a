//! The document by utoipa.

use std::error::Error;

use axum::{Json, extract::Path};
use http::StatusCode;
use portcullis::Identity;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Documented, security::with_security};

#[derive(OpenApi)]
#[openapi(info(title = "Orders", version = "1"))]
struct Document;

/// An order.
#[derive(Serialize, ToSchema)]
struct Order {
    id: u32,
    owner: Option<String>,
}

/// Says whether the service runs.
#[utoipa::path(get, path = "/status", responses((status = 200, body = String)))]
async fn status() -> &'static str {
    "up"
}

/// Lists the caller's orders.
#[utoipa::path(get, path = "/orders", responses((status = 200, body = Vec<Order>)))]
async fn list(identity: Identity) -> Json<Vec<Order>> {
    Json(vec![Order { id: 1, owner: identity.subject().map(str::to_owned) }])
}

/// Places an order.
#[utoipa::path(post, path = "/orders", responses((status = 201, body = Order)))]
async fn place(identity: Identity) -> (StatusCode, Json<Order>) {
    (StatusCode::CREATED, Json(Order { id: 2, owner: identity.subject().map(str::to_owned) }))
}

/// Cancels an order.
#[utoipa::path(
    delete, path = "/orders/{id}", params(("id" = u32, Path)), responses((status = 204))
)]
async fn cancel(Path(_): Path<u32>) -> StatusCode {
    StatusCode::NO_CONTENT
}

pub(crate) fn documented() -> Result<Documented, Box<dyn Error>> {
    let (routes, document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(status))
        .routes(routes!(list, place))
        .routes(routes!(cancel))
        .split_for_parts();
    Ok(Documented { routes, document: with_security(&document)? })
}
