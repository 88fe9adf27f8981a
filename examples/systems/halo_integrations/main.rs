//! The API of HALO for integrations: a token for a user name and password, with the permissions of that user to see, update and
//! delete content.
//!
//! ```sh
//! cargo run -p example-systems --bin halo_integrations
//! ```
//!
//! prints its URL. With that as `$URL`, the commands of the document are:
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
//! Further commands:
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
//! The documentation of the services is public. Users and their permissions are managed with the token of an administrator:
//!
//! ```sh
//! curl "$URL/api/docs"
//! curl -X POST -H "Authorization: Bearer $ADMIN_TOKEN" -H "Content-Type: application/json" \
//!   -d '{"username":"alice","password":"wonderland","permissions":["content:see"]}' "$URL/api/users"
//! curl -X PUT -H "Authorization: Bearer $ADMIN_TOKEN" -H "Content-Type: application/json" \
//!   -d '["content:see","content:update"]' "$URL/api/users/alice/permissions"
//! ```
//!
//! | user | password | may |
//! |---|---|---|
//! | `USERNAME` | `PASSWORD` | request tokens for users (a program) |
//! | `READER_USERNAME` | `READER_PASSWORD` | see published content |
//! | `EDITOR_USERNAME` | `EDITOR_PASSWORD` | see everything, update |
//! | `ADMIN_USERNAME` | `ADMIN_PASSWORD` | see everything, update, delete, manage users |
//!
//! The example supports what clients of the real service do. A new service has better options:
//!
//! - Tokens belong in `Authorization`. `Authentication` isn't a standard header, so proxies and logs don't treat it as a secret.
//!   (The `-H Authentication: Bearer {token}` of the document also lacks quotation marks.)
//! - The password grant reveals the passwords of users to every program, and OAuth 2.1 removes it. Let users log in with the
//!   authorization code grant, and programs authenticate with `client_credentials`.
//! - `?_user` is redundant next to `grant_type`. It is accepted and ignored.

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
use portcullis::{Clock, basic::MemoryUserStore, clock::SystemClock};

use self::{support::listen, tokens::Tokens};

/// Returns the complete service: the API and its token endpoint, which share users and tokens.
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
