//! `rs-notifier`: the notification rules of each project.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{delete, get, put},
};
use portcullis::{Claims, ConfigError};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::access::{Access, PROJECT_1, PROJECT_2, Role, User, any_tenant_of, at_least};

pub(crate) fn router(access: &Access) -> Result<Router, ConfigError> {
    Ok(Router::new()
        .route("/api/v1/rs-notifier/rule", get(list))
        .route("/api/v1/rs-notifier/rule", put(import))
        .route("/api/v1/rs-notifier/rule", delete(clear).route_layer(at_least(Role::Admin)))
        .route_layer(any_tenant_of([PROJECT_1, PROJECT_2]))
        .layer(access.layer()?)
        .with_state(Rules::default()))
}

/// Lists the rules of the caller's project. The caller can't name another project.
async fn list(user: Claims<User>, State(rules): State<Rules>) -> Json<Vec<Rule>> {
    Json(rules.lock().await.get(&user.tenant).cloned().unwrap_or_default())
}

async fn import(
    user: Claims<User>,
    State(rules): State<Rules>,
    Json(imported): Json<Vec<Rule>>,
) -> Json<Vec<Rule>> {
    rules.lock().await.insert(user.tenant.clone(), imported.clone());
    Json(imported)
}

async fn clear(user: Claims<User>, State(rules): State<Rules>) -> StatusCode {
    rules.lock().await.remove(&user.tenant);
    StatusCode::NO_CONTENT
}

/// The rules of each project.
type Rules = Arc<Mutex<HashMap<String, Vec<Rule>>>>;
type Rule = Map<String, Value>;
