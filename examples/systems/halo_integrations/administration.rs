//! The administration of users and their permissions.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::Result,
    routing::{get, post},
};
use portcullis::{
    AuthenticateLayer, Identity, RequireScopeLayer, Scope,
    basic::{MemoryUserStore, UserStore},
};
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::{
    api::MANAGE_USERS,
    users::{identity, user},
};

/// Uses the same layer as the content.
pub(crate) fn router(users: Arc<MemoryUserStore>, authenticate: AuthenticateLayer) -> Router {
    Router::new()
        .route("/api/users", post(create))
        .route("/api/users/{name}/permissions", get(permissions).put(configure))
        .route_layer(RequireScopeLayer::new(MANAGE_USERS))
        .route_layer(authenticate)
        .with_state(users)
}

#[derive(Deserialize)]
struct NewUser {
    username: String,
    password: String,
    #[serde(default)]
    permissions: Vec<String>,
}

async fn create(
    who: Identity,
    State(users): State<Arc<MemoryUserStore>>,
    Json(wish): Json<NewUser>,
) -> Result<StatusCode> {
    // In Basic, a colon ends the user-id (RFC 7617 §2).
    if wish.username.is_empty() || wish.username.contains(':') || wish.password.is_empty() {
        return Err(StatusCode::BAD_REQUEST.into());
    }
    let permissions = granted(&who, &wish.permissions)?;
    if users.look_up(&wish.username).await?.is_some() {
        return Err(StatusCode::CONFLICT.into());
    }
    let NewUser { username, password, .. } = wish;
    // Hashing a password takes a while.
    let record =
        spawn_blocking(move || user(&username, &password, &permissions).map(|it| (username, it)));
    let (username, record) = record.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)??;
    users.insert(username, record);
    Ok(StatusCode::CREATED)
}

async fn permissions(
    State(users): State<Arc<MemoryUserStore>>,
    Path(name): Path<String>,
) -> Result<Json<Vec<String>>> {
    let user = users.look_up(&name).await?.ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(user.identity().scopes().iter().map(str::to_owned).collect()))
}

/// Changes the permissions of a user. This takes effect with the next request, because the user is looked up for each
/// token.
async fn configure(
    who: Identity,
    State(users): State<Arc<MemoryUserStore>>,
    Path(name): Path<String>,
    Json(wish): Json<Vec<String>>,
) -> Result<StatusCode> {
    let permissions = granted(&who, &wish)?;
    let user = users.look_up(&name).await?.ok_or(StatusCode::NOT_FOUND)?;
    // A program isn't a user, and has no permissions.
    user.identity().subject().ok_or(StatusCode::NOT_FOUND)?;
    users.insert(name.clone(), user.with_identity(identity(&name, &permissions)));
    Ok(StatusCode::NO_CONTENT)
}

/// Administrators can only grant permissions that they have.
fn granted(who: &Identity, permissions: &[String]) -> Result<Vec<Scope>, StatusCode> {
    let mut scopes = Vec::new();
    for permission in permissions {
        let scope = Scope::new(permission.as_str()).map_err(|_| StatusCode::BAD_REQUEST)?;
        who.require(scope.clone()).map_err(|_| StatusCode::FORBIDDEN)?;
        scopes.push(scope);
    }
    Ok(scopes)
}
