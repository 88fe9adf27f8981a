//! The content.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get, post},
};
use portcullis::{Identity, RequireScopeLayer, Scope};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// Allows reading drafts too.
pub(crate) const READ: Scope = Scope::from_static("posts:read");
pub(crate) const WRITE: Scope = Scope::from_static("posts:write");
pub(crate) const DELETE: Scope = Scope::from_static("posts:delete");

/// Returns the public routes, and the protected ones.
pub(crate) fn routers() -> (Router, Router) {
    let posts = Posts::default();
    let public = Router::new().route("/api/v1alpha1/posts", get(list)).with_state(posts.clone());
    let protected = Router::new()
        .route("/api/v1alpha1/posts", post(write).route_layer(RequireScopeLayer::new(WRITE)))
        .route(
            "/api/v1alpha1/posts/{id}",
            delete(remove).route_layer(RequireScopeLayer::new(DELETE)),
        )
        .route("/api/v1alpha1/users/me", get(me))
        .with_state(posts);
    (public, protected)
}

/// Lists published posts for everyone, and drafts for those with the permission.
async fn list(who: Option<Identity>, State(posts): State<Posts>) -> Json<Vec<Post>> {
    let with_drafts = who.is_some_and(|who| who.require(READ).is_ok());
    let posts = posts.0.lock().await;
    Json(posts.values().filter(|post| post.wish.published || with_drafts).cloned().collect())
}

async fn write(
    who: Identity,
    State(posts): State<Posts>,
    Json(wish): Json<Wish>,
) -> Result<(StatusCode, Json<Post>), portcullis::Error> {
    let author = who.require_subject()?.to_owned();
    let mut posts = posts.0.lock().await;
    let id = posts.keys().max().map_or(1, |last| last.saturating_add(1));
    let post = Post { id, author, wish };
    posts.insert(id, post.clone());
    Ok((StatusCode::CREATED, Json(post)))
}

async fn remove(State(posts): State<Posts>, Path(id): Path<u32>) -> StatusCode {
    match posts.0.lock().await.remove(&id) {
        Some(_) => StatusCode::NO_CONTENT,
        None => StatusCode::NOT_FOUND,
    }
}

async fn me(who: Identity) -> Json<Value> {
    Json(json!({ "name": who.subject(), "permissions": who.scopes().iter().collect::<Vec<_>>() }))
}

#[derive(Clone)]
struct Posts(Arc<Mutex<BTreeMap<u32, Post>>>);

#[derive(Clone, Serialize)]
struct Post {
    id: u32,
    author: String,
    #[serde(flatten)]
    wish: Wish,
}

#[derive(Clone, Deserialize, Serialize)]
struct Wish {
    title: String,
    published: bool,
}

impl Default for Posts {
    fn default() -> Self {
        let post = |id, title: &str, published| {
            let wish = Wish { title: title.to_owned(), published };
            (id, Post { id, author: "admin".to_owned(), wish })
        };
        let posts = [post(1, "Hello Halo", true), post(2, "A draft", false)];
        Self(Arc::new(Mutex::new(BTreeMap::from(posts))))
    }
}
