//! A resource server for any issuer, configured by environment variables.
//!
//! ```sh
//! LISTEN=127.0.0.1:8080 ISSUER=https://as.example AUDIENCE=https://api.example \
//!     cargo run --release -p example-server
//!
//! curl -i http://127.0.0.1:8080/healthz
//! curl -i http://127.0.0.1:8080/public
//! curl -i http://127.0.0.1:8080/me -H "Authorization: Bearer $TOKEN"
//! curl -i http://127.0.0.1:8080/read -H "Authorization: Bearer $TOKEN"
//! curl -i http://127.0.0.1:8080/write -H "Authorization: Bearer $TOKEN" -X POST
//! ```
//!
//! | route | needs |
//! |---|---|
//! | `GET /healthz`, `GET /readyz`, `GET /metrics` | nothing; not authenticated |
//! | `GET /public` | nothing, but invalid credentials are rejected |
//! | `GET /me` | a token |
//! | `GET /read` | the `api:read` scope |
//! | `POST /write` | the `api:read` and `api:write` scopes |
//! | `GET /role` | the `admin` role |
//! | `POST /transfer` | the `api:write` scope, `acr` `urn:example:mfa`, authenticated within the last 300 s |
//! | `GET /stream` | a token; sends server-sent events, one every 200 ms, until the token expires |
//! | the well-known path of RFC 9728 | nothing; available if `RESOURCE` is set |
//! | `POST /admin/revoke` | `ADMIN_TOKEN`; a form with `token`, `jti`, `sub`, `sid` or `client_id` |
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `LISTEN` | address and port | `127.0.0.1:0`, a free port |
//! | `WORKER_THREADS` | threads that serve requests | one for each CPU |
//! | `ISSUER` | the issuers, as in `iss`, comma-separated | must be set, except for introspection alone |
//! | `JWKS_URI` | the URL of the keys, if there is one issuer | as in its metadata |
//! | `AUDIENCE` | the names of this service, as in `aud`, comma-separated; any one matches | `RESOURCE`; without it, must be set |
//! | `ALGORITHMS` | the accepted algorithms, such as `RS256,ES256` | all that its keys allow |
//! | `PROFILE` | `relaxed` or `rfc9068` | `relaxed` |
//! | `SCOPE_CLAIM` | additional places to read scopes from, comma-separated | none |
//! | `ROLES_CLAIM` | the places to read roles from, such as `/realm_access/roles`, comma-separated | off |
//! | `MAX_LIFETIME` | the maximum number of seconds from `iat` to `exp` | none |
//! | `REQUIRE_CLAIM` | claims that a token must have: `name=value`, comma-separated | none |
//! | `INTROSPECTION_URL` | introspects tokens that aren't JWTs; without `ISSUER`, every token | they are rejected |
//! | `INTROSPECTION_CLIENT_ID`, `INTROSPECTION_CLIENT_SECRET` | the credentials of this service at the endpoint | must be set with it |
//! | `INTROSPECTION_AUTH` | how it authenticates: `basic` or `post` | `basic` |
//! | `INTROSPECTION_AUDIENCE` | `required`, or `ignore` to also accept responses without `aud` | `required` |
//! | `BASIC_USERS` | `user:password`, comma-separated: accepts Basic | off |
//! | `BASIC_SCOPES` | the scopes of these users, comma-separated | none |
//! | `QUERY_TOKEN` | `1`: also accepts the query parameter `access_token` | `0` |
//! | `TOKEN_SCHEME` | `1`: also accepts `Authorization: token …` | `0` |
//! | `COOKIE` | also accepts credentials in a cookie of this name | off |
//! | `TOKEN_HEADER` | also accepts credentials in a header of this name, with or without `Bearer ` | off |
//! | `PUBLIC_URL` | the URL that clients see | the origin of `RESOURCE`, or `http://` and the listening address |
//! | `DPOP` | `accept` (DPoP alongside Bearer), `required`, or `off` (bound tokens are rejected) | `off` |
//! | `DPOP_NONCE_SECRET` | 32 bytes or more in base64url; if set, proofs need a nonce | none |
//! | `CLIENT_CERT_HEADER` | the header with which proxies forward certificates: `client-cert`, `xfcc`, or `pem:NAME` | off |
//! | `TRUSTED_PROXIES` | addresses and networks of these proxies, comma-separated | none |
//! | `SCOPE_HIERARCHY` | broader scopes, and those that they imply: `api:admin>api:read api:write;…` | none |
//! | `RESOURCE` | the identifier of this service; serves the RFC 9728 document, which challenges name | off |
//! | `ADMIN_TOKEN` | the token for `/admin/revoke` | off |
//! | `REDIS_URL` | the Redis server with which replicas share revocations and used DPoP proofs | each process has its own |
//! | `REDIS_OUTAGE` | while Redis is unreachable: `serve` with the known revocations, or `refuse` with 503 | `serve` |
//! | `SECURITY_EVENTS` | a path such as `/events` that receives the issuers' security event tokens and logout tokens | off |
//! | `SECURITY_EVENTS_AUDIENCE` | further accepted audiences of events, comma-separated; for logout tokens, a client id | none |
//! | `CONFIG` | a file with these settings (TOML); variables take precedence; trust is read again on SIGHUP | none |
//! | `RUST_LOG` | which events are logged to stderr | `info,portcullis=debug` |
//! | `LOG_FORMAT` | `text` or `json` | `text` |
//!
//! `server explain` reads a token from stdin and prints what each rule says about it, without the token, and with
//! `--claims` also its claims; the status is 0 if it would be accepted, and 1 if not. `server doctor` sends the
//! configured issuers and endpoints the requests that the service would send, and prints what works, what will fail and
//! what to do; the status is 1 if something will fail.
//!
//! An empty variable counts as unset. If the configuration is invalid, the server prints one line on stderr that
//! names the variable, and exits with status 2. It shuts down gracefully on Ctrl-C and SIGTERM.
//!
//! # `CONFIG`
//!
//! The file has the names of the variables in lower case. Lists may be arrays. `NAME_file`, for a setting with secrets, is the
//! path of a file that contains it. Instead of `issuer`, `introspection_url` and the related settings, it may contain those of
//! `portcullis::configuration`: `issuers`, `introspection`, `policies`, `token_cache_bytes`.
//!
//! ```toml
//! listen = "127.0.0.1:8080"
//! audience = ["https://api.example"]
//! query_token = true
//! admin_token_file = "/run/secrets/admin"
//!
//! [[issuers]]
//! issuer = "https://as.example"
//! algorithms = ["RS256"]
//!
//! [[issuers]]
//! issuer = "https://partner.example"
//! audience = "https://partner-api.example"
//! ```
//!
//! All problems are printed at once, each with its path in the file. On SIGHUP, the issuers and the introspection are
//! replaced: unchanged entries of `issuers` and `introspection` keep their keys and caches. If the file is invalid, the
//! problems are logged and nothing changes. Other settings take effect after a restart.

mod admin;
mod binding;
mod config;
mod diagnosis;
mod environment;
mod operations;
mod resource;
mod shared;
mod stream;
mod verifiers;

use std::{
    env, error::Error, future::Future, io, net::SocketAddr, num::NonZero, process::ExitCode,
    time::Duration,
};

use axum::{
    Json, Router,
    routing::{get, post},
    serve::ListenerExt,
};
use http::HeaderName;
use portcullis::{
    AuthenticateLayer, Identity, RequireRoleLayer, RequireScopeLayer, Scope,
    credentials::TokenHeader, identity::Authentication, issuers::IssuersHandle,
    scope::ScopeHierarchy, verify,
};
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, runtime, sync::oneshot, time::sleep};

use self::diagnosis::Command;
use self::environment::{bad, is_on, read};

const READ: Scope = Scope::from_static("api:read");
const WRITE: Scope = Scope::from_static("api:write");
/// How long requests in progress may take after a signal.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

fn app(authenticate: AuthenticateLayer) -> Router {
    let recently = Authentication::acr(["urn:example:mfa"]).max_age(Duration::from_secs(300));
    let transfer = RequireScopeLayer::new(WRITE).and(recently);
    let protected = Router::new()
        .route("/me", get(me))
        .route("/read", get(subject).route_layer(RequireScopeLayer::new(READ)))
        .route("/write", post(subject).route_layer(RequireScopeLayer::new(READ.and(WRITE))))
        .route("/role", get(subject).route_layer(RequireRoleLayer::new("admin")))
        .route("/transfer", post(subject).route_layer(transfer))
        .merge(stream::routes())
        .layer(authenticate.clone());
    let described = authenticate.resource_router();
    let public = Router::new().route("/public", get(subject)).layer(authenticate.allow_anonymous());
    protected.merge(public).merge(described)
}

async fn me(identity: Identity) -> Json<Value> {
    // Basic users have no claims.
    let claims = identity.claims::<Map<String, Value>>().ok();
    Json(json!({
        "subject": identity.subject(),
        "scopes": identity.scopes().iter().collect::<Vec<_>>(),
        "roles": identity.roles(),
        "confirmation": binding::name(&identity),
        "claims": claims.as_deref().cloned().unwrap_or_default(),
    }))
}

async fn subject(identity: Option<Identity>) -> Json<Value> {
    Json(json!({ "subject": identity.as_ref().and_then(Identity::subject) }))
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("{}", problem.to_string().replace(char::is_control, " "));
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    config::load()?;
    let arguments: Vec<_> = env::args().skip(1).collect();
    if let Some(command) = Command::read(&arguments)? {
        let (issuers, _) = verifiers::issuers(&verify::Revocations::new())?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(command.run(&issuers));
    }
    let listen = read("LISTEN")?.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
    let threads = read::<NonZero<usize>>("WORKER_THREADS")?;
    operations::log()?;
    let mut runtime = runtime::Builder::new_multi_thread();
    if let Some(threads) = threads {
        runtime.worker_threads(threads.get());
    }
    runtime.enable_all().build()?.block_on(async {
        let stop = stop_signal()?;
        let listener =
            TcpListener::bind(listen).await.map_err(|error| bad("LISTEN", listen, error))?;
        let address = listener.local_addr()?;
        let app = service(address)?;
        println!("listening on http://{address}");
        // Responses are small, and should be sent without delay.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        // `TRUSTED_PROXIES` is compared with these addresses.
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let (stopping, stopped) = oneshot::channel::<()>();
        let serve = axum::serve(listener, app).with_graceful_shutdown(async {
            stop.await;
            drop(stopping);
        });
        tokio::select! {
            result = serve => result?,
            // Streams may take longer, so they are aborted.
            () = async { drop(stopped.await); sleep(SHUTDOWN_TIMEOUT).await } => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Returns the routes of this server.
fn service(address: SocketAddr) -> Result<Router, Box<dyn Error>> {
    let redis = shared::redis()?;
    let revocations = shared::revocations(redis.as_ref())?;
    let (issuers, policies) = verifiers::issuers(&revocations)?;
    let issuers = IssuersHandle::new(issuers);
    config::reload_on_hangup(&issuers, &revocations)?;
    let mut layer = binding::verified(layer(issuers.clone())?, address, redis.as_ref())?;
    if let Some(policies) = policies {
        layer = layer.policies(policies);
    }
    let mut app = app(layer).merge(shared::security_events(&issuers)?);
    if let Some(token) = read::<String>("ADMIN_TOKEN")? {
        app = app.merge(admin::routes(issuers.clone(), &token)?);
    }
    let metrics = operations::metrics()?;
    tokio::spawn(operations::upkeep(metrics.clone()));
    Ok(app.merge(operations::routes(issuers, revocations, metrics)))
}

/// Returns the layer, with each enabled source of credentials.
fn layer(issuers: IssuersHandle) -> Result<AuthenticateLayer, Box<dyn Error>> {
    let mut layer = AuthenticateLayer::bearer(issuers);
    if let Some(users) = read::<String>("BASIC_USERS")? {
        layer = layer.basic(verifiers::users(&users)?);
    }
    if is_on("QUERY_TOKEN")? {
        layer = layer.query_parameter();
    }
    if is_on("TOKEN_SCHEME")? {
        layer = layer.token_scheme();
    }
    if let Some(name) = read::<String>("COOKIE")? {
        // The name of a cookie has the syntax of a header name (RFC 6265 §4.1.1), but is case-sensitive.
        name.parse::<HeaderName>().map_err(|_| bad("COOKIE", &name, "not the name of a cookie"))?;
        layer = layer.cookie(name);
    }
    if let Some(name) = read::<HeaderName>("TOKEN_HEADER")? {
        layer = layer.header(TokenHeader::new(name).optional_scheme());
    }
    if let Some(hierarchy) = read::<ScopeHierarchy>("SCOPE_HIERARCHY")? {
        layer = layer.scope_hierarchy(hierarchy);
    }
    if let Some(resource) = resource::resource()? {
        layer = layer.resource(resource);
    }
    Ok(layer)
}

/// Starts to listen for signals. The future completes with the first one.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
