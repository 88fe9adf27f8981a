//! The API of HALO for integrations: a token for a user's name and password, and whatever that user may
//! see, update and delete can be seen, updated and deleted with it.
//!
//! ```sh
//! cargo run -p example-systems --bin halo_integrations
//! ```
//!
//! prints where it listens. With that as `$URL`, the document's commands are:
//!
//! ```sh
//! curl -X POST \
//!   -H "Authorization: Basic VVNFUk5BTUU6UEFTU1dPUkQ=" \
//!   -H "Content-Type: application/x-www-form-urlencoded" \
//!   -d "grant_type=password&username=EDITOR_USERNAME&password=EDITOR_PASSWORD" \
//!   "$URL/api/oauth/token?_user"
//!
//! curl -H "Authentication: Bearer $TOKEN" "$URL/api/content"
//! ```
//!
//! and what follows from them:
//!
//! ```sh
//! curl -X POST -H "Authorization: Basic VVNFUk5BTUU6UEFTU1dPUkQ=" \
//!   -d "grant_type=refresh_token&refresh_token=$REFRESH_TOKEN" "$URL/api/oauth/token?_user"
//! curl -H "Authorization: Bearer $TOKEN" "$URL/api/content/2"
//! curl -X PUT -H "Authorization: Bearer $TOKEN" \
//!   -H "Content-Type: application/json" -d '{"title":"Hello"}' "$URL/api/content/2"
//! curl -X DELETE -H "Authorization: Bearer $TOKEN" "$URL/api/content/2"
//! ```
//!
//! The services that a token can call are documented for everyone, and users and their permissions are managed with
//! the token of an administrator:
//!
//! ```sh
//! curl "$URL/api/docs"
//! curl -X POST -H "Authorization: Bearer $ADMIN_TOKEN" -H "Content-Type: application/json" \
//!   -d '{"username":"alice","password":"wonderland","permissions":["content:see"]}' "$URL/api/users"
//! curl -X PUT -H "Authorization: Bearer $ADMIN_TOKEN" -H "Content-Type: application/json" \
//!   -d '["content:see","content:update"]' "$URL/api/users/alice/permissions"
//! ```
//!
//! | who | password | may |
//! |---|---|---|
//! | `USERNAME` | `PASSWORD` | get tokens for users: a program |
//! | `READER_USERNAME` | `READER_PASSWORD` | see what is published |
//! | `EDITOR_USERNAME` | `EDITOR_PASSWORD` | see everything, update |
//! | `ADMIN_USERNAME` | `ADMIN_PASSWORD` | see everything, update, delete, manage users |
//!
//! Clients of the real service do this, so it is served. A new one should do otherwise:
//!
//! - The token belongs into `Authorization`. `Authentication` is no header of HTTP, so proxies and logs
//!   don't know that it holds a secret. (The document's `-H Authentication: Bearer {token}` also wants
//!   quotation marks.)
//! - The password grant shows every program its users' passwords, and OAuth 2.1 has dropped it: let users
//!   log in with an authorization code, and programs as themselves with `client_credentials`.
//! - `?_user` says nothing that `grant_type` doesn't. It is accepted, and nothing hangs on it.

mod administration;
mod api;
mod documentation;
#[path = "../support/mod.rs"]
mod support;
mod token_endpoint;
mod tokens;
pub(crate) mod users;

use std::{error::Error, sync::Arc};

use axum::Router;
use portcullis::{Clock, SystemClock, basic::MemoryUserStore};

use self::{support::listen, tokens::Tokens};

/// The whole service: the API and its token endpoint, over the same users and tokens.
pub(crate) fn app(
    users: Arc<MemoryUserStore>,
    clock: impl Clock + Clone,
) -> Result<Router, Box<dyn Error>> {
    let tokens = Tokens::new(users.clone())?;
    let authenticate = api::layer(tokens.verifier().clock(clock.clone()).build()?);
    Ok(api::router(authenticate.clone())
        .merge(administration::router(Arc::clone(&users), authenticate))
        .merge(documentation::router())
        .merge(token_endpoint::router(users, tokens, clock)?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (listener, _) = listen().await?;
    let app = app(Arc::new(users::demo()?), SystemClock)?;
    Ok(support::serve(listener, app).await?)
}
