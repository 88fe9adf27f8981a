//! The REST API of HarmonyCMS: opaque tokens, in `Authorization: token` or in the query, which its authorization server
//! introspects (RFC 7662).
//!
//! ```sh
//! cargo run -p example-systems --bin harmony_cms
//! ```
//!
//! prints its URL. With that as `$URL`, and the `access_token` in the response to the first command as `$TOKEN`:
//!
//! ```sh
//! curl -X GET \
//!   "$URL/oauth/v2/token?client_id=demo-site&client_secret=demo-secret&grant_type=password&username=alice&password=wonderland" \
//!   -H 'Cache-Control: no-cache'
//!
//! curl -H "Authorization: token $TOKEN" $URL
//! curl $URL/?access_token=$TOKEN
//! curl $URL
//!
//! curl -i $URL/pages
//! curl -i -H "Authorization: token $TOKEN" $URL/pages
//! curl -i $URL/pages?access_token=$TOKEN
//!
//! curl -X POST $URL/oauth/v2/revoke -u demo-site:demo-secret -d "token=$TOKEN"
//! curl -i -H "Authorization: token $TOKEN" $URL/pages
//! ```
//!
//! The "API Access" section of the account's settings, which is on another host in the document, lists all requested access
//! tokens:
//!
//! ```sh
//! curl -u alice:wonderland $URL/settings/api
//! ```
//!
//! The example supports what clients of the real service do. A new service has better options:
//!
//! | here | a new service |
//! |---|---|
//! | `Authorization: token` | `Authorization: Bearer`, which is accepted here too (RFC 6750 §2.1) |
//! | `?access_token=`, which ends up in logs and histories | no tokens in URLs (RFC 9700 §4.3.2) |
//! | a token by `GET`, with secret and password in the query | `POST` with a form (RFC 6749 §3.2), `Cache-Control: no-store` |
//! | the password grant | the authorization code grant (RFC 9700 §2.4) |
//! | `scope: null`, so each token has all permissions of its user | scopes, and a [`RequireScopeLayer`](portcullis::RequireScopeLayer) for each route |

mod authorization_server;
mod grants;
#[path = "../support/mod.rs"]
mod support;

use std::error::Error;

use axum::{Json, Router, routing::get};
use portcullis::{AuthenticateLayer, Clock, Identity, IntrospectionVerifier, clock::SystemClock};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::authorization_server::AuthorizationServer;

/// The client credentials of the API at the authorization server.
const API: [&str; 2] = ["harmony-api", "harmony-api-secret"];

/// The root is public, and all other routes require a token. Invalid tokens are rejected everywhere.
fn api(verifier: IntrospectionVerifier, url: &str) -> Router {
    let authenticate = AuthenticateLayer::bearer(verifier)
        .token_scheme()
        .query_parameter()
        .realm("HarmonyCMS API");
    let categories = Json(json!({
        "pages_url": format!("{url}/pages"),
        "user_url": format!("{url}/user"),
    }));
    let root = Router::new()
        .route("/", get(async || categories))
        .layer(authenticate.clone().allow_anonymous());
    let protected =
        Router::new().route("/pages", get(pages)).route("/user", get(user)).layer(authenticate);
    root.merge(protected)
}

async fn pages() -> Json<Value> {
    Json(json!([{ "slug": "home", "title": "Welcome" }, { "slug": "about", "title": "About us" }]))
}

async fn user(user: Identity) -> Json<Value> {
    Json(json!({ "username": user.subject(), "client_id": user.client_id() }))
}

/// The API, and the token endpoint of the authorization server, which is outside the layer because clients don't have a token
/// yet. The API calls the introspection endpoint on another port.
pub(crate) async fn start(url: &str, clock: impl Clock + Clone) -> Result<Router, Box<dyn Error>> {
    let server = AuthorizationServer::new(clock.clone())?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let introspection = format!("http://{}/introspect", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, server.introspection(API)?).into_future());

    // Outcomes are cached for a minute, unless the token is revoked here.
    let [client_id, secret] = API;
    let verifier = IntrospectionVerifier::builder(introspection)
        .client_secret_basic(client_id, secret)
        .without_audience()
        .clock(clock)
        .build()?;
    let account = server.account();
    Ok(api(verifier.clone(), url).merge(account).nest("/oauth/v2", server.endpoints(verifier)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (listener, url) = support::listen().await?;
    let app = start(&url, SystemClock).await?;
    Ok(support::serve(listener, app).await?)
}
