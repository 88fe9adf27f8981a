//! The protected routes.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderName, StatusCode},
    routing::{delete, get, put},
};
use portcullis::{AuthenticateLayer, Identity, OwnTokenVerifier, RequireScopeLayer, Scope};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

/// The permissions of a user are the scopes of the user's tokens.
pub(crate) const SEE: Scope = Scope::from_static("content:see");
pub(crate) const UPDATE: Scope = Scope::from_static("content:update");
pub(crate) const DELETE: Scope = Scope::from_static("content:delete");
pub(crate) const MANAGE_USERS: Scope = Scope::from_static("users:manage");

/// The header that the document uses. `Authorization` is also accepted, and takes precedence.
const AUTHENTICATION: HeaderName = HeaderName::from_static("authentication");

/// Returns the layer for everything that requires a token.
pub(crate) fn layer(tokens: OwnTokenVerifier) -> AuthenticateLayer {
    AuthenticateLayer::bearer(tokens).header(AUTHENTICATION).realm("HALO")
}

/// One layer authenticates, and each route declares the permission that it requires.
pub(crate) fn router(authenticate: AuthenticateLayer) -> Router {
    Router::new()
        .route("/api/content", get(list).route_layer(RequireScopeLayer::new(SEE)))
        .route("/api/content/{id}", get(show).route_layer(RequireScopeLayer::new(SEE)))
        .route("/api/content/{id}", put(update).route_layer(RequireScopeLayer::new(UPDATE)))
        .route("/api/content/{id}", delete(remove).route_layer(RequireScopeLayer::new(DELETE)))
        .layer(authenticate)
        .with_state(demo())
}

/// Unpublished content is only visible to editors. For others, it doesn't exist.
fn may_see(who: &Identity, content: &Content) -> bool {
    content.is_published || who.require(UPDATE).is_ok()
}

async fn list(who: Identity, State(contents): State<Contents>) -> Json<Vec<Content>> {
    let contents = contents.lock().await;
    Json(contents.values().filter(|one| may_see(&who, one)).cloned().collect())
}

async fn show(
    who: Identity,
    State(contents): State<Contents>,
    Path(id): Path<u32>,
) -> Result<Json<Content>, StatusCode> {
    let contents = contents.lock().await;
    let content = contents.get(&id).filter(|one| may_see(&who, one));
    content.cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn update(
    State(contents): State<Contents>,
    Path(id): Path<u32>,
    Json(change): Json<Change>,
) -> Result<Json<Content>, StatusCode> {
    let mut contents = contents.lock().await;
    let content = contents.get_mut(&id).ok_or(StatusCode::NOT_FOUND)?;
    content.title = change.title;
    Ok(Json(content.clone()))
}

async fn remove(State(contents): State<Contents>, Path(id): Path<u32>) -> StatusCode {
    match contents.lock().await.remove(&id) {
        Some(_) => StatusCode::NO_CONTENT,
        None => StatusCode::NOT_FOUND,
    }
}

type Contents = Arc<Mutex<BTreeMap<u32, Content>>>;

#[derive(Clone, Serialize)]
struct Content {
    id: u32,
    title: String,
    is_published: bool,
}

#[derive(Deserialize)]
struct Change {
    title: String,
}

fn demo() -> Contents {
    let content =
        |id, title: &str, is_published| (id, Content { id, title: title.to_owned(), is_published });
    let contents = [content(1, "Welcome", true), content(2, "A draft", false)];
    Arc::new(Mutex::new(BTreeMap::from(contents)))
}
