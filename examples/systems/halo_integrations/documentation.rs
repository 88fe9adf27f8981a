//! `/api/docs`: the public documentation of the services.

use axum::{Json, Router, routing::get};
use serde_json::{Value, json};

use super::api::{DELETE, MANAGE_USERS, SEE, UPDATE};

/// Outside of the layer, because programs read it before they have a token.
pub(crate) fn router() -> Router {
    Router::new().route("/api/docs", get(async || Json(document())))
}

/// Returns an OpenAPI document, as used by Swagger.
fn document() -> Value {
    let needs = |summary: &str, permission: &str| json!({ "summary": summary, "security": [{ "token": [permission] }] });
    json!({
        "openapi": "3.1.0",
        "info": { "title": "HALO", "version": "1" },
        "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
        "paths": {
            "/api/oauth/token": { "post": { "summary": "Get a token" } },
            "/api/content": { "get": needs("List content", SEE.as_str()) },
            "/api/content/{id}": {
                "get": needs("See content", SEE.as_str()),
                "put": needs("Update content", UPDATE.as_str()),
                "delete": needs("Delete content", DELETE.as_str()),
            },
            "/api/users": { "post": needs("Create a user", MANAGE_USERS.as_str()) },
            "/api/users/{name}/permissions": {
                "get": needs("See a user's permissions", MANAGE_USERS.as_str()),
                "put": needs("Configure a user's permissions", MANAGE_USERS.as_str()),
            },
        },
    })
}
