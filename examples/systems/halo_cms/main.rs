//! The API of Halo, a content management system. It accepts Basic and Bearer; a Bearer token is a personal access token or the
//! JWT of a log-in. Published content can be read without credentials.
//!
//! ```sh
//! cargo run -p example-systems --bin halo_cms
//! ```
//!
//! prints its URL. With that as `$URL`, these commands use a name and a password, no credentials, and the JWT of a log-in:
//!
//! ```sh
//! curl -X GET "$URL/api/v1alpha1/posts" \
//!   -H 'Authorization: Basic YWRtaW46cGFzc3dvcmQ=' \
//!   -H 'Content-Type: application/json'
//!
//! curl "$URL/api/v1alpha1/posts"
//!
//! curl -X POST -u admin:password "$URL/api/v1alpha1/login"
//! curl "$URL/api/v1alpha1/users/me" -H "Authorization: Bearer $JWT"
//! ```
//!
//! The life cycle of a personal access token:
//!
//! ```sh
//! curl -X POST -u admin:password "$URL/api/v1alpha1/personalaccesstokens" \
//!   -H 'Content-Type: application/json' \
//!   -d '{"name": "backup job", "scopes": ["posts:read"], "days": 90}'
//! curl "$URL/api/v1alpha1/posts" -H "Authorization: Bearer $PAT"
//! curl -u admin:password "$URL/api/v1alpha1/personalaccesstokens"
//! curl -u admin:password "$URL/api/v1alpha1/personalaccesstokens/1/uses"
//! curl -X DELETE -u admin:password "$URL/api/v1alpha1/personalaccesstokens/1"
//! ```
//!
//! | route | needs |
//! |---|---|
//! | `GET …/posts` | nothing; drafts require `posts:read` |
//! | `POST …/posts` | `posts:write` |
//! | `DELETE …/posts/{id}` | `posts:delete` |
//! | `GET …/users/me` | any credentials |
//! | `POST …/login` | name and password |
//! | `…/personalaccesstokens` | name and password, or a log-in; a token can't create, list or revoke tokens |
//!
//! The users are `admin` (password `password`, every permission) and `author` (`author-password`,
//! `posts:read posts:write`).
//!
//! The document describes four errors: 401 for missing credentials, for incorrect ones and for an invalid token, and 403 for a
//! missing permission. `WWW-Authenticate` and `detail` distinguish them.
//!
//! A new service should only accept Basic for its log-in. Basic sends the password with every request, and a program that has
//! the password can do everything that its user can, until the user changes it.

mod log_in;
mod posts;
#[path = "../support/mod.rs"]
mod support;
mod token_center;
mod tokens;
pub(crate) mod users;

use std::{error::Error, sync::Arc};

use axum::Router;
use portcullis::{
    AuthenticateLayer, BasicVerifier, Clock, ErrorBody, Issuers, RequireLayer,
    basic::MemoryUserStore, clock::SystemClock,
};

use self::{log_in::LogIn, support::listen, tokens::Tokens};

/// One layer for passwords, personal access tokens and JWTs. Public routes use the same one with
/// `allow_anonymous`.
pub(crate) fn app(
    users: Arc<MemoryUserStore>,
    clock: impl Clock + Clone,
) -> Result<Router, Box<dyn Error>> {
    let passwords = BasicVerifier::users(Arc::clone(&users)).clock(clock.clone()).build()?;
    let tokens = Tokens::new(users, clock.clone())?;
    let log_in = LogIn::new(clock.clone())?;
    let bearer = Issuers::builder()
        .prefix(tokens.prefix(), tokens.verifier().clock(clock.clone()).build()?)
        .trust(log_in.verifier().clock(clock).build()?)
        .build()?;

    let alike =
        |layer: AuthenticateLayer| layer.realm("Halo").error_body(ErrorBody::problem_json());
    let authenticate = alike(AuthenticateLayer::bearer(bearer).basic(passwords.clone()));
    let by_password = alike(AuthenticateLayer::basic_only(passwords));
    let no_token = RequireLayer::new(tokens::reject_to_tokens);

    let (public, protected) = posts::routers();
    let token_center = token_center::router(tokens).route_layer(no_token);
    Ok(Router::new()
        .merge(protected.merge(token_center).layer(authenticate.clone()))
        .merge(public.layer(authenticate.allow_anonymous()))
        .merge(log_in.router().layer(by_password)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (listener, _) = listen().await?;
    let app = app(Arc::new(users::demo()?), SystemClock)?;
    Ok(support::serve(listener, app).await?)
}
