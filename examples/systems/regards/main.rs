//! REGARDS: a gateway in front of microservices for several projects (tenants). All of them have the same layer, so requests
//! are verified whether or not they pass through the gateway.
//!
//! ```sh
//! cargo run -p example-systems --bin regards
//! ```
//!
//! prints the URL of the gateway. With that as `$HOST`, the commands of the document are:
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
//! Further commands, of which the last requires a token of `admin@regards.fr`:
//!
//! ```sh
//! curl "$HOST/api/v1/rs-notifier/rule" -H "Authorization: Bearer $TOKEN"
//! curl "$HOST/api/v1/rs-catalog/product" -H "Authorization: Bearer $TOKEN"
//! curl -X DELETE "$HOST/api/v1/rs-notifier/rule" -H "Authorization: Bearer $TOKEN"
//! ```
//!
//! | route | needs |
//! |---|---|
//! | `POST /api/v1/rs-authentication/oauth/token` | the client's credentials, with Basic |
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
//! The example supports what clients of the real service do. A new service has better options:
//!
//! - A password in a query appears in the logs of all servers on the way. It belongs in a form (RFC 6749 §4.3), or better, only
//!   in a log-in page. The table of the document calls `grant_type` `grant-type`, which is accepted too.
//! - With HS256, every service that verifies tokens can also sign them. With a key pair (RS256, ES256), only the token endpoint
//!   can, and the services only need `JwtVerifier::builder(issuer).audience(name)`.
//! - `scope` should say what a token may be used for. The tenant belongs in a separate claim.
//! - A token that is valid for twelve hours can't be withdrawn in that time. Issue tokens for minutes, with a refresh token.

mod access;
mod authentication;
mod catalog;
mod gateway;
mod notifier;
#[path = "../support/mod.rs"]
mod support;

use std::{collections::BTreeMap, error::Error};

use axum::Router;
use portcullis::clock::SystemClock;
use tokio::net::TcpListener;

pub(crate) use self::access::Access;
use self::support::listen;

/// Starts each service on its own port, and the gateway in front of them.
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
