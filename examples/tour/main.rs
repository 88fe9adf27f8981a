//! A tour: how a protected service responds to twenty requests, and why.
//!
//! ```sh
//! cargo run --example tour
//! ```
//!
//! Starts an issuer and a service on free loopback ports, and sends real HTTP requests to them. Exits with status 0 if
//! all responses are as expected, and with 1 otherwise.
//!
//! To send these requests with curl, start a service that keeps running with `cargo run --example axum`:
//!
//! ```sh
//! curl -i $URL/orders
//! curl -i $URL/orders -H "Authorization: Bearer $TOKEN"
//! curl -i $URL/orders -H "Authorization: Bearer $TOKEN" -H "Authorization: Bearer $TOKEN"
//! curl -I $URL/orders
//! ```

mod expected;
mod guide;
mod page;
mod request;

use std::{error::Error, process::ExitCode, time::Duration};

use axum::{
    Router,
    http::StatusCode,
    routing::{get, post},
};
use portcullis::{
    AuthenticateLayer, Identity, JwtVerifier, RequireScopeLayer, Scope,
    http_client::ReqwestClient,
    testing::{Fault, TestClock, TestIssuer},
};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{expected::Expected, guide::Guide, request::Request};

const API: &str = "https://orders.example";
const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");

fn service(verifier: JwtVerifier, clock: TestClock) -> Router {
    let authenticate = AuthenticateLayer::bearer(verifier).realm("orders").clock(clock);
    let protected = Router::new()
        .route("/orders", get(list).route_layer(RequireScopeLayer::new(READ)))
        .route("/orders", post(create).route_layer(RequireScopeLayer::new(READ.and(WRITE))))
        .layer(authenticate.clone());
    let public = Router::new().route("/hello", get(hello)).layer(authenticate.allow_anonymous());
    protected.merge(public)
}

async fn list(identity: Identity) -> String {
    format!("Orders of {}", identity.subject().unwrap_or("a client"))
}

async fn create(identity: Identity) -> (StatusCode, String) {
    (StatusCode::CREATED, format!("An order of {}", identity.subject().unwrap_or("a client")))
}

async fn hello(identity: Option<Identity>) -> String {
    let subject = identity.as_ref().and_then(Identity::subject);
    format!("Hello, {}", subject.unwrap_or("stranger"))
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Loopback is reached without the proxy that the environment may configure.
    let client = reqwest::Client::builder().no_proxy().build()?;
    let issuer = TestIssuer::serve().await?;
    // The tour advances the clock. A real service needs neither clock nor client here.
    let verifier = JwtVerifier::builder(issuer.issuer())
        .audience(API)
        .clock(issuer.clock())
        .http_client(ReqwestClient::from(client.clone()))
        .build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, service(verifier, issuer.clock())).into_future());

    println!("An issuer at {}, and a service at {url}:", issuer.issuer());
    println!();
    println!("    GET  /orders   requires the orders:read scope");
    println!("    POST /orders   requires the orders:read and orders:write scopes");
    println!("    GET  /hello    is open to everyone");

    let mut guide = Guide::new(client, url);
    credentials(&mut guide, &issuer).await?;
    tokens(&mut guide, &issuer).await?;
    scopes(&mut guide, &issuer).await?;
    open_routes(&mut guide, &issuer).await?;
    changing_issuer(&mut guide, &issuer).await?;
    Ok(guide.farewell())
}

async fn credentials(guide: &mut Guide, issuer: &TestIssuer) -> reqwest::Result<()> {
    let token = issuer.token().audience(API).scope("orders:read").mint();

    guide.chapter("Credentials");
    guide
        .stop(
            "No credentials",
            "The challenge names the scheme to use, and no error, because nothing was wrong yet.",
            Request::get("/orders"),
            Expected::missing_credentials(),
        )
        .await?;
    guide
        .stop(
            "HEAD",
            "The response to GET, without the body.",
            Request::head("/orders"),
            Expected::missing_credentials().without_body(),
        )
        .await?;
    guide
        .stop(
            "A malformed header",
            "A token contains no space. The request is invalid and no token was verified: 400.",
            Request::get("/orders").authorization("Bearer two words"),
            Expected::invalid_request("Malformed credentials."),
        )
        .await?;
    guide
        .stop(
            "Two Authorization headers",
            "The service doesn't guess which one to use, even if one of them is valid.",
            Request::get("/orders").bearer(&token).authorization("Bearer another"),
            Expected::invalid_request("More than one set of credentials."),
        )
        .await
}

async fn tokens(guide: &mut Guide, issuer: &TestIssuer) -> reqwest::Result<()> {
    let valid = issuer.token().audience(API).scope("orders:read");

    guide.chapter("Tokens");
    guide
        .stop(
            "A valid token",
            "The first token causes a fetch of the issuer's keys. Later ones use the cached keys.",
            Request::get("/orders").bearer(&valid.clone().mint()),
            Expected::answer(200, "Orders of alice"),
        )
        .await?;
    let forger = TestIssuer::named(issuer.issuer());
    guide
        .stop(
            "A forged signature",
            "Header and claims are valid, but the key is the attacker's.",
            Request::get("/orders").bearer(&forger.token().audience(API).mint()),
            Expected::invalid_token("Token signature invalid."),
        )
        .await?;
    let unsigned = valid.clone().header("alg", json!("none")).mint();
    let (unsigned, _signature) = unsigned.rsplit_once('.').unwrap_or_default();
    guide
        .stop(
            "The algorithm none",
            "A token without a signature.",
            Request::get("/orders").bearer(&format!("{unsigned}.")),
            Expected::invalid_token("Token algorithm not accepted."),
        )
        .await?;
    guide
        .stop(
            "Another audience",
            "A valid token for the payroll service, which must not be able to use it here.",
            Request::get("/orders")
                .bearer(&issuer.token().audience("https://payroll.example").mint()),
            Expected::invalid_token("Token not intended for this audience."),
        )
        .await?;
    guide
        .stop(
            "Another issuer",
            "The issuer isn't trusted, so its keys aren't fetched.",
            Request::get("/orders").bearer(&TestIssuer::new().token().audience(API).mint()),
            Expected::invalid_token("Token issuer not trusted."),
        )
        .await?;
    guide
        .stop(
            "An ID token",
                        "The issuer and the audience are right, but an ID token tells a client who logged in. It \
             isn't an access token.",
            Request::get("/orders").bearer(&valid.clone().claim("at_hash", json!("x")).mint()),
            Expected::invalid_token("Token is not an access token."),
        )
        .await?;
    let aged = valid.mint();
    issuer.clock().advance(minutes(6));
    guide
        .stop(
                        "The valid token, six minutes later",
            "Its five minutes and the leeway of one minute have passed. The response says so, and the \
             client requests a new token.",
            Request::get("/orders").bearer(&aged),
            Expected::invalid_token("Token expired."),
        )
        .await
}

async fn scopes(guide: &mut Guide, issuer: &TestIssuer) -> reqwest::Result<()> {
    let token = issuer.token().audience(API);

    guide.chapter("Scopes");
    guide
        .stop(
                        "Insufficient scope",
            "Alice is authenticated but not authorized: 403. The challenge names the required scopes.",
            Request::post("/orders").bearer(&token.clone().scope("orders:read").mint()),
            Expected::insufficient_scope("orders:read orders:write"),
        )
        .await?;
    guide
        .stop(
            "Sufficient scope",
            "The same route, with both scopes.",
            Request::post("/orders").bearer(&token.scope("orders:read orders:write").mint()),
            Expected::answer(201, "An order of alice"),
        )
        .await
}

async fn open_routes(guide: &mut Guide, issuer: &TestIssuer) -> reqwest::Result<()> {
    guide.chapter("Open to everyone");
    guide
        .stop(
            "A stranger",
            "The layer lets anonymous requests through, and the handler finds no identity.",
            Request::get("/hello"),
            Expected::answer(200, "Hello, stranger"),
        )
        .await?;
    guide
        .stop(
            "An invalid token on the same route",
            "Credentials are optional, but invalid ones are rejected, so that the client notices.",
            Request::get("/hello")
                .bearer(&issuer.token().audience("https://payroll.example").mint()),
            Expected::invalid_token("Token not intended for this audience."),
        )
        .await
}

async fn changing_issuer(guide: &mut Guide, issuer: &TestIssuer) -> reqwest::Result<()> {
    let mint = || issuer.token().audience(API).scope("orders:read").mint();

    guide.chapter("An issuer that changes, or fails");
    let old = mint();
    issuer.rotate_keys(false);
    guide
        .stop(
            "New keys",
            "The token names an unknown key. The service fetches the issuer's keys once, while the \
             request waits.",
            Request::get("/orders").bearer(&mint()),
            Expected::answer(200, "Orders of alice"),
        )
        .await?;
    guide
        .stop(
            "The old key",
            "The issuer has withdrawn it. Tokens with unknown keys are rejected in the same way, \
             and cause at most one fetch in ten seconds.",
            Request::get("/orders").bearer(&old),
            Expected::invalid_token("Token key unknown."),
        )
        .await?;
    issuer.fail(Fault::Unreachable);
    issuer.clock().advance(minutes(60));
    guide
        .stop(
            "An issuer that has been down for an hour",
            "The cached keys are stale, but they are used until the issuer is reachable again.",
            Request::get("/orders").bearer(&mint()),
            Expected::answer(200, "Orders of alice"),
        )
        .await?;
    issuer.rotate_keys(true);
    let unverified = mint();
    guide
        .stop(
            "A new key during the outage",
            "The token may be valid, but it can't be verified: 503, with the time of the next try.",
            Request::get("/orders").bearer(&unverified),
            Expected::unavailable(),
        )
        .await?;
    issuer.recover();
    issuer.clock().advance(minutes(1));
    guide
        .stop(
            "The issuer is back",
            "The same token, a minute later.",
            Request::get("/orders").bearer(&unverified),
            Expected::answer(200, "Orders of alice"),
        )
        .await
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count.saturating_mul(60))
}
