//! REGARDS: a gateway in front of micro-services for several projects (tenants). All of them have the
//! same layer, so it doesn't matter on which way a request comes to one.
//!
//! ```sh
//! cargo run -p example-systems --bin regards
//! ```
//!
//! prints where the gateway listens. With that as `$HOST`, the document's commands are:
//!
//! ```sh
//! curl -X POST "$HOST/api/v1/rs-authentication/oauth/token?grant_type=password&scope=project1&username=user@regards.fr&password=user-password" \
//!   -H 'Authorization: Basic Y2xpZW50OnNlY3JldA==' \
//!   -H 'Content-Type: application/json;charset=UTF-8' \
//!   -H 'Accept: application/json'
//!
//! curl -v -XPUT "$HOST/api/v1/rs-notifier/rule" \
//!   -H "Authorization:Bearer $TOKEN" \
//!   -H 'Content-Type: application/json' \
//!   -H 'Accept: application/json' \
//!   --data '[{"rule": "mail the operator"}]'
//! ```
//!
//! What else there is, of which the last takes the token of `admin@regards.fr`:
//!
//! ```sh
//! curl "$HOST/api/v1/rs-notifier/rule" -H "Authorization: Bearer $TOKEN"
//! curl "$HOST/api/v1/rs-catalog/product" -H "Authorization: Bearer $TOKEN"
//! curl -X DELETE "$HOST/api/v1/rs-notifier/rule" -H "Authorization: Bearer $TOKEN"
//! ```
//!
//! | route | needs |
//! |---|---|
//! | `POST /api/v1/rs-authentication/oauth/token` | the client's credentials, in Basic |
//! | `GET`, `PUT /api/v1/rs-notifier/rule` | a token of `project1` or `project2` |
//! | `DELETE /api/v1/rs-notifier/rule` | the role `ADMIN_ROLE` in one of them |
//! | `GET /api/v1/rs-catalog/product` | a token of `project1` |
//!
//! | project | user | password | role |
//! |---|---|---|---|
//! | `project1` | `user@regards.fr` | `user-password` | `USER_ROLE` |
//! | `project1` | `admin@regards.fr` | `admin-password` | `ADMIN_ROLE` |
//! | `project2` | `admin@regards.fr` | `other-password` | `ADMIN_ROLE` |
//!
//! Clients of the real service do this, so it is served. A new one should do otherwise:
//!
//! - A password in a query stands in the log of every server on the way. It belongs into a form
//!   (RFC 6749 §4.3), or better, into a log-in page only. The document's table calls `grant_type` by the
//!   name `grant-type`, which is served too.
//! - With HS256 whoever can verify a token can also make one, so every service could be anyone. With a
//!   key pair (RS256, ES256) only the token endpoint can, and
//!   `JwtVerifier::builder(issuer).audience(name)` is all that the others have to know.
//! - `scope` should say what a token may be used for. Which tenant it is for has a claim of its own.
//! - A token for twelve hours can't be withdrawn in that time: some minutes and a refresh token can.

mod access;
mod authentication;
mod catalog;
mod gateway;
mod notifier;
#[path = "../support/mod.rs"]
mod support;

use std::{collections::BTreeMap, error::Error};

use axum::Router;
use portcullis::SystemClock;
use tokio::net::TcpListener;

pub(crate) use self::access::Access;
use self::support::listen;

/// Starts each service on a port of its own: the gateway, and where the services are behind it.
pub(crate) async fn start(
    access: &Access,
) -> Result<(Router, BTreeMap<&'static str, String>), Box<dyn Error>> {
    let mut services = BTreeMap::new();
    for (name, router) in [
        ("rs-authentication", authentication::router(access)?),
        ("rs-catalog", catalog::router(access)?),
        ("rs-notifier", notifier::router(access)?),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        services.insert(name, format!("http://{}", listener.local_addr()?));
        tokio::spawn(axum::serve(listener, router).into_future());
    }
    Ok((gateway::router(access, services.clone())?, services))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (listener, _) = listen().await?;
    let (gateway, _services) = start(&Access::new(SystemClock)?).await?;
    Ok(support::serve(listener, gateway).await?)
}
