//! The REST API of Dataloy: tokens of an external issuer, for the production or the test environment, and rejections in
//! the documented format.
//!
//! ```sh
//! cargo run -p example-systems --bin dataloy
//! ```
//!
//! It starts an issuer and three environments, and prints their URLs: production as `$URL`, the test environment as
//! `$TEST_URL`, the environment of the document's example payload with the audience `https://dataloy.internal` as
//! `$INTERNAL_URL`, and the issuer's `$TOKEN_URL`. The first command returns an `access_token` for production, to be used
//! as `$TOKEN`; `$EXPIRED` is an expired one.
//!
//! ```sh
//! curl -X POST $TOKEN_URL -d '{
//!   "client_id": "demo-client",
//!   "client_secret": "demo-secret",
//!   "audience": "https://dataloy",
//!   "grant_type": "client_credentials"
//! }'
//!
//! curl $URL/ws/rest/Cargo -H "Authorization: Bearer $TOKEN"
//! curl "$URL/ws/rest/Cargo?filter=subCargos.freight%28GTE%292500000" -H "Authorization: Bearer $TOKEN"
//! curl "$URL/ws/rest/Cargo?filter=subCargos.freight%28GTE%292500000" -H "Authorization: Bearer $EXPIRED"
//! curl $TEST_URL/ws/rest/Cargo -H "Authorization: Bearer $TOKEN"
//! ```
//!
//! The payload as printed in the document. Its token is only valid for `$INTERNAL_URL`:
//!
//! ```sh
//! curl -X POST $TOKEN_URL -d '{
//! "client_id":"demo-client",
//! "client_secret":"demo-secret",
//! "audience":"https://dataloy.internal",
//! "grant_type":"client_credentials"
//! }'
//!
//! curl $INTERNAL_URL/ws/rest/Cargo -H "Authorization: Bearer $INTERNAL_TOKEN"
//! ```
//!
//! The example follows the document exactly. A new service has better options:
//!
//! | here | a new service |
//! |---|---|
//! | a token request in JSON, with any `Content-Type` | a form, which every OAuth client sends (RFC 6749 §4.4.2) |
//! | the secret in the body | `client_secret_basic`, or a key of the client (RFC 7523) |
//! | `audience` | `resource`, its name in the standard (RFC 8707) |
//! | one token for everything, for a day | scopes, with a [`RequireScopeLayer`](portcullis::RequireScopeLayer) for each route, and an hour |
//! | a body of seven members | [`ErrorBody::problem_json`](portcullis::ErrorBody::problem_json) (RFC 9457) |
//! | `date` without a time zone | a date with one; clients have to know that it is UTC |

mod cargo;
mod issuer;
#[path = "../support/mod.rs"]
mod support;

use std::error::Error as StdError;

use axum::{Json, Router, extract::Query, http::StatusCode, routing::get};
use portcullis::{Algorithm, AuthenticateLayer, ConfigError, JwtVerifier, response::JsonBody};
use serde::Deserialize;
use tokio::net::TcpListener;

use self::{
    cargo::{Cargo, Filter, cargoes},
    issuer::Issuer,
};

/// The audiences of the environments. A token for one of them is rejected by the others.
const PRODUCTION: &str = "https://dataloy";
const TEST: &str = "https://dataloy.dev";
/// The audience of the documented example payload.
const INTERNAL: &str = "https://dataloy.internal";

/// `url` is the address under which clients know the service. It is in the body of rejections, and isn't derived from
/// the `Host` that a client sends.
fn api(issuer: &Issuer, audience: &str, url: &str) -> Result<Router, ConfigError> {
    let verifier = JwtVerifier::builder(issuer.name())
        .audience(audience)
        .jwks_uri(issuer.jwks_uri())
        .algorithms([Algorithm::Rs256])
        .build()?;
    let body = JsonBody::new().base_uri(url).without_error_code().build()?;
    let resources = Router::new()
        .route("/Cargo", get(search))
        .layer(AuthenticateLayer::bearer(verifier).realm("Dataloy").error_body(body));
    Ok(Router::new().nest("/ws/rest", resources))
}

#[derive(Deserialize)]
struct Search {
    filter: Option<String>,
}

async fn search(Query(search): Query<Search>) -> Result<Json<Vec<Cargo>>, StatusCode> {
    let read = |text: String| Filter::read(&text).ok_or(StatusCode::BAD_REQUEST);
    let filter = search.filter.map(read).transpose()?;
    let is_asked_for = |cargo: &Cargo| filter.as_ref().is_none_or(|filter| filter.takes(cargo));
    Ok(Json(cargoes().into_iter().filter(is_asked_for).collect()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let issuer = Issuer::serve([PRODUCTION, TEST, INTERNAL]).await?;
    for (name, audience) in [("TEST_URL", TEST), ("INTERNAL_URL", INTERNAL)] {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let environment = api(&issuer, audience, &url)?;
        tokio::spawn(axum::serve(listener, environment).into_future());
        println!("{name}={url}");
    }

    let (listener, url) = support::listen().await?;
    let production = api(&issuer, PRODUCTION, &url)?;
    println!("TOKEN_URL={}", issuer.token_url());
    println!("EXPIRED={}", issuer.expired_token(PRODUCTION));
    Ok(support::serve(listener, production).await?)
}
