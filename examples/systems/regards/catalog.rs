//! `rs-catalog`: the products of one project.

use axum::{Json, Router, routing::get};
use portcullis::{Claims, ConfigError};
use serde_json::{Value, json};

use super::access::{Access, PROJECT_1, User, any_tenant_of};

pub(crate) fn router(access: &Access) -> Result<Router, ConfigError> {
    Ok(Router::new()
        .route("/api/v1/rs-catalog/product", get(list))
        .route_layer(any_tenant_of([PROJECT_1]))
        .layer(access.layer()?))
}

async fn list(user: Claims<User>) -> Json<Value> {
    Json(json!({ "reader": user.email, "products": ["a picture of the sea"] }))
}
