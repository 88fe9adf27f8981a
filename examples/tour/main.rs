//! What a protected service answers, request by request, and why.
//!
//! ```sh
//! cargo run --example tour
//! ```
//!
//! An issuer and a service start on free ports of loopback; real HTTP goes between them, and nowhere
//! else. Ends with status 0 if all answers are as told here, with 1 if one isn't.
//!
//! What the tour sends, curl can send too, to a service that stays: see `cargo run --example axum`.
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
    format!("Orders of {}", identity.subject().unwrap_or("nobody"))
}

async fn create(identity: Identity) -> (StatusCode, String) {
    (StatusCode::CREATED, format!("An order of {}", identity.subject().unwrap_or("nobody")))
}

async fn hello(identity: Option<Identity>) -> String {
    let subject = identity.as_ref().and_then(Identity::subject);
    format!("Hello, {}", subject.unwrap_or("stranger"))
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Whatever proxy the environment names, loopback is reached without it.
    let client = reqwest::Client::builder().no_proxy().build()?;
    let issuer = TestIssuer::serve().await?;
    // The tour turns the clock. A service of your own needs neither clock nor client here.
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
    println!("    GET  /orders   needs the scope orders:read");
    println!("    POST /orders   needs the scopes orders:read and orders:write");
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
            "The challenge names the scheme to use, and no error: so far nothing is wrong.",
            Request::get("/orders"),
            Expected::missing_credentials(),
        )
        .await?;
    guide
        .stop(
            "HEAD",
            "What GET would be answered, without the body.",
            Request::head("/orders"),
            Expected::missing_credentials().without_body(),
        )
        .await?;
    guide
        .stop(
            "A header that can't be read",
            "There is no space in a token. The request is at fault, and no token was judged: 400.",
            Request::get("/orders").authorization("Bearer two words"),
            Expected::invalid_request("Malformed credentials."),
        )
        .await?;
    guide
        .stop(
            "Two Authorization headers",
            "Which one counts is not for the service to guess, even where one of them is good.",
            Request::get("/orders").bearer(&token).authorization("Bearer another"),
            Expected::invalid_request("More than one set of credentials."),
        )
        .await
}

async fn tokens(guide: &mut Guide, issuer: &TestIssuer) -> reqwest::Result<()> {
    let good = issuer.token().audience(API).scope("orders:read");

    guide.chapter("Tokens");
    guide
        .stop(
            "A good token",
            "The first token that needs the issuer's keys has them fetched, later ones find them.",
            Request::get("/orders").bearer(&good.clone().mint()),
            Expected::answer(200, "Orders of alice"),
        )
        .await?;
    let forger = TestIssuer::named(issuer.issuer());
    guide
        .stop(
            "A forged signature",
            "Header and claims are right to the letter. The key is the forger's own.",
            Request::get("/orders").bearer(&forger.token().audience(API).mint()),
            Expected::invalid_token("Token signature invalid."),
        )
        .await?;
    let unsigned = good.clone().header("alg", json!("none")).mint();
    let (unsigned, _signature) = unsigned.rsplit_once('.').unwrap_or_default();
    guide
        .stop(
            "The algorithm none",
            "A token that asks not to be verified.",
            Request::get("/orders").bearer(&format!("{unsigned}.")),
            Expected::invalid_token("Token algorithm not accepted."),
        )
        .await?;
    guide
        .stop(
            "Another audience",
            "Honestly signed, but for the payroll, which must not be able to use it here.",
            Request::get("/orders")
                .bearer(&issuer.token().audience("https://payroll.example").mint()),
            Expected::invalid_token("Token not intended for this audience."),
        )
        .await?;
    guide
        .stop(
            "Another issuer",
            "Nobody here trusts it, so it isn't even asked for its keys.",
            Request::get("/orders").bearer(&TestIssuer::new().token().audience(API).mint()),
            Expected::invalid_token("Token issuer not trusted."),
        )
        .await?;
    guide
        .stop(
            "An ID token",
            "The right issuer signed it, for the right audience. It tells who has logged in, and \
             opens no door.",
            Request::get("/orders").bearer(&good.clone().claim("at_hash", json!("x")).mint()),
            Expected::invalid_token("Token is not an access token."),
        )
        .await?;
    let aged = good.mint();
    issuer.clock().advance(minutes(6));
    guide
        .stop(
            "The good token, six minutes later",
            "Its five minutes are over, and so is the minute by which clocks may differ. The client \
             is told why, so it knows to fetch another.",
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
            "Too little scope",
            "Alice is known, and may not: 403. The challenge names all that the route needs.",
            Request::post("/orders").bearer(&token.clone().scope("orders:read").mint()),
            Expected::insufficient_scope("orders:read orders:write"),
        )
        .await?;
    guide
        .stop(
            "Enough scope",
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
            "A bad token on the same route",
            "Credentials may be left out, but not wrong: a client would never learn of it.",
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
            "The token names a key that the service has never heard of. It asks the issuer once, \
             while the request waits.",
            Request::get("/orders").bearer(&mint()),
            Expected::answer(200, "Orders of alice"),
        )
        .await?;
    guide
        .stop(
            "The old key",
            "The issuer has withdrawn it, and it counts no more. Made-up keys end here too, without \
             asking the issuer each time.",
            Request::get("/orders").bearer(&old),
            Expected::invalid_token("Token key unknown."),
        )
        .await?;
    issuer.fail(Fault::Unreachable);
    issuer.clock().advance(minutes(60));
    guide
        .stop(
            "An issuer that has been down for an hour",
            "Its keys should long have been fetched anew. The last good ones serve until they can be.",
            Request::get("/orders").bearer(&mint()),
            Expected::answer(200, "Orders of alice"),
        )
        .await?;
    issuer.rotate_keys(true);
    let unjudged = mint();
    guide
        .stop(
            "A new key that nobody can ask for",
            "The token may well be good. Nobody has judged it, so it isn't rejected: 503, and when to \
             try again.",
            Request::get("/orders").bearer(&unjudged),
            Expected::unavailable(),
        )
        .await?;
    issuer.recover();
    issuer.clock().advance(minutes(1));
    guide
        .stop(
            "The issuer is back",
            "The very same token, a minute later.",
            Request::get("/orders").bearer(&unjudged),
            Expected::answer(200, "Orders of alice"),
        )
        .await
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count.saturating_mul(60))
}
