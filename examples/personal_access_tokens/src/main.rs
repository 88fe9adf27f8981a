//! A content service whose users create personal access tokens, stored in SQLite.
//!
//! ```sh
//! cargo run -p example-personal-access-tokens
//! ```
//!
//! shows the life cycle of a token, over real HTTP on a free loopback port, and exits with status 0 if all responses are as
//! expected. With an address, it keeps running instead, and prints a `$LOGIN` for curl:
//!
//! ```sh
//! LISTEN=127.0.0.1:8080 cargo run -p example-personal-access-tokens
//!
//! curl -i $URL/tokens -H "Authorization: Bearer $LOGIN" \
//!     --json '{"name": "laptop", "scopes": "posts:read", "days": 90}'
//! curl -i $URL/posts -H "Authorization: Bearer $TOKEN"
//! curl -i $URL/tokens -H "Authorization: Bearer $LOGIN"
//! curl -i $URL/tokens/1/audit -H "Authorization: Bearer $LOGIN"
//! curl -i $URL/tokens/1 -H "Authorization: Bearer $LOGIN" -X DELETE
//! ```
//!
//! | route | needs |
//! |---|---|
//! | `GET /posts` | `posts:read`, in the JWT of a login or in a personal access token |
//! | `POST /posts` | `posts:write`, in either |
//! | `POST /tokens` | a login, with the scopes that the token is to have; the token is only shown here |
//! | `GET /tokens` | a login |
//! | `GET /tokens/{id}/audit` | a login |
//! | `DELETE /tokens/{id}` | a login |
//!
//! A token can't create, list or revoke tokens, so that an attacker who finds one can't keep access after it is revoked.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `LISTEN` | address and port of the service | none: runs the demonstration |
//! | `DATABASE` | the database file | `:memory:` |

mod database;
mod demonstration;

use std::{
    env,
    error::Error as StdError,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use portcullis::{
    AuthenticateLayer, Clock, ConfigError, Error, Identity, Issuers, JwtVerifier, OwnTokenVerifier,
    RequireLayer, RequireScopeLayer, Scope, ScopeSet,
    own_tokens::OwnTokenFormat,
    testing::{TestClock, TestIssuer},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::database::{Database, Draft, Failure};

const API: &str = "https://cms.example";
/// The issuer of the personal access tokens is this service itself.
const US: &str = API;
const READ: Scope = Scope::from_static("posts:read");
const WRITE: Scope = Scope::from_static("posts:write");
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MAX_DAYS: u32 = 366;

#[derive(Clone)]
struct Service {
    database: Database,
    format: OwnTokenFormat,
    clock: Arc<dyn Clock>,
}

fn app(
    database: Database,
    logins: JwtVerifier,
    clock: impl Clock + Clone,
) -> Result<Router, ConfigError> {
    let format = OwnTokenFormat::new("demo_pat")?;
    let own = OwnTokenVerifier::builder(format.clone(), database.clone())
        .issuer(US)
        .clock(clock.clone())
        .build()?;
    let verifier = Issuers::builder().prefix(format.prefix(), own).trust(logins).build()?;

    let logged_in = RequireLayer::new(|identity| match identity.issuer() {
        Some(US) => Err(Error::access_denied()),
        _ => Ok(()),
    });
    let tokens = Router::new()
        .route("/tokens", get(list).post(create))
        .route("/tokens/{id}", delete(revoke))
        .route("/tokens/{id}/audit", get(audit))
        .route_layer(logged_in);
    Ok(Router::new()
        .route("/posts", get(posts).route_layer(RequireScopeLayer::new(READ)))
        .route("/posts", post(publish).route_layer(RequireScopeLayer::new(WRITE)))
        .merge(tokens)
        .layer(AuthenticateLayer::bearer(verifier).realm("cms"))
        .with_state(Service { database, format, clock: Arc::new(clock) }))
}

/// The request for a new token.
#[derive(Deserialize)]
struct Wish {
    name: String,
    scopes: String,
    days: u32,
}

async fn create(
    State(service): State<Service>,
    identity: Identity,
    Json(wish): Json<Wish>,
) -> Result<Response, Problem> {
    let scopes = ScopeSet::from_wire(&wish.scopes);
    // A user can only grant scopes that they have.
    for scope in scopes.iter() {
        identity.require(Scope::new(scope).map_err(|_| Problem::BadRequest)?)?;
    }
    if !(1..=MAX_DAYS).contains(&wish.days) {
        return Err(Problem::BadRequest);
    }
    let now = service.clock.now();
    let token = service.format.generate()?;
    let id = service
        .database
        .create(Draft {
            digest: token.digest(),
            owner: identity.require_subject()?.to_owned(),
            name: wish.name,
            scopes,
            created_at: now,
            expires_at: end(now, wish.days).ok_or(Problem::BadRequest)?,
        })
        .await?;
    // The response contains the token, so it must not be cached.
    let headers = [(CACHE_CONTROL, "no-store")];
    let shown_once = json!({ "id": id, "token": token.reveal() });
    Ok((StatusCode::CREATED, headers, Json(shown_once)).into_response())
}

fn end(now: SystemTime, days: u32) -> Option<SystemTime> {
    now.checked_add(DAY.checked_mul(days)?)
}

async fn list(State(service): State<Service>, identity: Identity) -> Result<Response, Problem> {
    Ok(Json(service.database.list(identity.require_subject()?.to_owned()).await?).into_response())
}

async fn revoke(
    State(service): State<Service>,
    identity: Identity,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    let now = service.clock.now();
    let owner = identity.require_subject()?.to_owned();
    if service.database.revoke(owner, id, now).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::NotFound)
    }
}

async fn audit(
    State(service): State<Service>,
    identity: Identity,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let owner = identity.require_subject()?.to_owned();
    let events = service.database.audit(owner, id).await?;
    if events.is_empty() {
        return Err(Problem::NotFound);
    }
    Ok(Json(events).into_response())
}

async fn posts(identity: Identity) -> Json<Value> {
    Json(json!({ "reader": identity.subject(), "posts": ["Hello, world"] }))
}

async fn publish() -> StatusCode {
    StatusCode::CREATED
}

/// Why a handler rejects a request.
enum Problem {
    BadRequest,
    Internal(Failure),
    NotFound,
    Rejected(Error),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Internal(failure)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Rejected(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST.into_response(),
            Self::Internal(failure) => {
                eprintln!("{failure}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::Rejected(error) => error.into_response(),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let file = env::var("DATABASE").unwrap_or(":memory:".to_owned());
    let database = Database::open(&file)?;
    // Takes the place of a login service.
    let issuer = TestIssuer::new();
    let logins = issuer.verifier().audience(API).build()?;

    if let Ok(address) = env::var("LISTEN") {
        let listener = TcpListener::bind(address).await?;
        println!("listening on http://{}", listener.local_addr()?);
        println!("LOGIN={}", login(&issuer));
        let app = app(database, logins, portcullis::clock::SystemClock)?;
        axum::serve(listener, app)
            .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
            .await?;
        return Ok(());
    }

    let clock: TestClock = issuer.clock();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, app(database, logins, clock.clone())?).into_future());
    demonstration::run(&url, &issuer, &clock).await
}

/// Returns the login token of Alice's browser.
fn login(issuer: &TestIssuer) -> String {
    issuer
        .token()
        .subject("alice")
        .audience(API)
        .scope("posts:read posts:write")
        .expires_in(Duration::from_secs(60 * 60))
        .mint()
}
