//! A resource server for any issuers, configured by its environment alone.
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
//! | `GET /healthz` | nothing, and isn't authenticated |
//! | `GET /public` | nothing; bad credentials are rejected all the same |
//! | `GET /me` | a token |
//! | `GET /read` | the scope `api:read` |
//! | `POST /write` | the scopes `api:read` and `api:write` |
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `LISTEN` | address and port | `127.0.0.1:0`, a free port |
//! | `ISSUER` | the issuer's URL, as in `iss`; several with commas between | must be set, except for introspection alone |
//! | `JWKS_URI` | where the keys are, of one issuer | as its metadata says |
//! | `AUDIENCE` | this service's name, as in `aud` | must be set |
//! | `ALGORITHMS` | the only ones to accept, such as `RS256,ES256` | all that its keys allow |
//! | `PROFILE` | `relaxed` or `rfc9068` | `relaxed` |
//! | `INTROSPECTION_URL` | whom to ask about tokens that are no JWTs | they are rejected |
//! | `INTROSPECTION_CLIENT_ID`, `INTROSPECTION_CLIENT_SECRET` | as whom to ask | must be set with it |
//! | `BASIC_USERS` | `user:password,…`: who may come with Basic, for both scopes | nobody |
//! | `QUERY_TOKEN` | `1`: the query parameter `access_token` counts too | `0` |
//! | `TOKEN_SCHEME` | `1`: `Authorization: token …` counts too | `0` |
//! | `WORKER_THREADS` | threads that serve requests | one for each CPU |
//!
//! An empty variable counts as one that isn't set. Bad configuration ends with status 2 and one line
//! on stderr. Stops in good order on Ctrl-C and SIGTERM.

use std::{
    collections::HashMap,
    env::{self, VarError},
    error::Error,
    fmt::Display,
    future::Future,
    io,
    net::SocketAddr,
    num::NonZero,
    process::ExitCode,
    str::FromStr,
    sync::Arc,
};

use axum::{
    Json, Router,
    routing::{get, post},
    serve::ListenerExt,
};
use portcullis::{
    Algorithm, AuthenticateLayer, BasicCredentials, BasicVerifier, Identity, IntrospectionVerifier,
    Issuers, JwtVerifier, RequireScopeLayer, Scope, Secret, jwt::Profile,
};
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, runtime};

const READ: Scope = Scope::from_static("api:read");
const WRITE: Scope = Scope::from_static("api:write");

fn app(authenticate: AuthenticateLayer) -> Router {
    let protected = Router::new()
        .route("/me", get(me))
        .route("/read", get(subject).route_layer(RequireScopeLayer::new(READ)))
        .route("/write", post(subject).route_layer(RequireScopeLayer::new(READ.and(WRITE))))
        .layer(authenticate.clone());
    let public = Router::new().route("/public", get(subject)).layer(authenticate.allow_anonymous());
    Router::new().route("/healthz", get("ok")).merge(protected).merge(public)
}

async fn me(identity: Identity) -> Json<Value> {
    // Who comes with a password has no claims.
    let claims = identity.claims::<Map<String, Value>>().ok();
    Json(json!({
        "subject": identity.subject(),
        "scopes": identity.scopes().iter().collect::<Vec<_>>(),
        "claims": claims.as_deref().cloned().unwrap_or_default(),
    }))
}

async fn subject(identity: Option<Identity>) -> Json<Value> {
    Json(json!({ "subject": identity.as_ref().and_then(Identity::subject) }))
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{}", problem.to_string().replace(char::is_control, " "));
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let listen = read("LISTEN")?.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
    let threads = read::<NonZero<usize>>("WORKER_THREADS")?;
    let authenticate = layer_from_env()?;

    let mut runtime = runtime::Builder::new_multi_thread();
    if let Some(threads) = threads {
        runtime.worker_threads(threads.get());
    }
    runtime.enable_all().build()?.block_on(async {
        let stop = stop_signal()?;
        let listener =
            TcpListener::bind(listen).await.map_err(|error| bad("LISTEN", listen, error))?;
        println!("listening on http://{}", listener.local_addr()?);
        // Answers are small, and must not wait for company.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        axum::serve(listener, app(authenticate)).with_graceful_shutdown(stop).await?;
        Ok(())
    })
}

fn layer_from_env() -> Result<AuthenticateLayer, Box<dyn Error>> {
    let mut layer = AuthenticateLayer::bearer(issuers_from_env()?);
    if let Some(users) = read::<String>("BASIC_USERS")? {
        layer = layer.basic(basic_users(&users)?);
    }
    if is_on("QUERY_TOKEN")? {
        layer = layer.query_parameter();
    }
    if is_on("TOKEN_SCHEME")? {
        layer = layer.token_scheme();
    }
    Ok(layer)
}

/// Passwords in plain, as the environment has them: for trying things out.
fn basic_users(list: &str) -> Result<BasicVerifier, String> {
    let mut users = HashMap::new();
    for user in list.split(',') {
        let (name, password) = user
            .split_once(':')
            .ok_or_else(|| bad("BASIC_USERS", "…", "not `user:password` with commas between"))?;
        users.insert(name.to_owned(), Secret::from(password));
    }
    let users = Arc::new(users);
    let verifier = BasicVerifier::builder(move |credentials: BasicCredentials| {
        let users = Arc::clone(&users);
        async move {
            let name = credentials.user_id();
            let given = Secret::from(credentials.password());
            let is_right = users.get(name).is_some_and(|password| *password == given);
            let scopes = [READ.as_str(), WRITE.as_str()].into_iter().collect();
            Ok(is_right.then(|| Identity::assertion().subject(name).scopes(scopes).build()))
        }
    });
    verifier.build().map_err(|error| error.to_string())
}

fn introspection_from_env(url: &str) -> Result<IntrospectionVerifier, Box<dyn Error>> {
    let client_id = require("INTROSPECTION_CLIENT_ID")?;
    let secret = require("INTROSPECTION_CLIENT_SECRET")?;
    let verifier = IntrospectionVerifier::builder(url)
        .client_secret_basic(client_id, secret)
        .audience(require("AUDIENCE")?);
    Ok(verifier.build()?)
}

fn issuers_from_env() -> Result<Issuers, Box<dyn Error>> {
    let mut issuers = Issuers::builder();
    let introspection = read::<String>("INTROSPECTION_URL")?;
    if let Some(url) = &introspection {
        issuers = issuers.opaque(introspection_from_env(url)?);
    }
    let names = match (read::<String>("ISSUER")?, introspection) {
        (None, Some(_)) => return Ok(issuers.build()?),
        (None, None) => require("ISSUER")?,
        (Some(names), _) => names,
    };
    let jwks_uri = read::<String>("JWKS_URI")?;
    if let Some(uri) = jwks_uri.as_deref().filter(|_| names.contains(',')) {
        return Err(bad("JWKS_URI", uri, "there are several issuers").into());
    }
    for name in names.split(',') {
        issuers = issuers.trust(verifier_from_env(name, jwks_uri.as_deref())?);
    }
    Ok(issuers.build()?)
}

fn verifier_from_env(issuer: &str, jwks_uri: Option<&str>) -> Result<JwtVerifier, Box<dyn Error>> {
    let mut verifier = JwtVerifier::builder(issuer)
        .audience(require("AUDIENCE")?)
        .profile(read("PROFILE")?.unwrap_or(Profile::Relaxed));
    if let Some(uri) = jwks_uri {
        verifier = verifier.jwks_uri(uri);
    }
    if let Some(names) = read::<String>("ALGORITHMS")? {
        let algorithms = names.split(',').map(|name| name.trim().parse::<Algorithm>());
        let algorithms = algorithms.collect::<Result<Vec<_>, _>>();
        verifier =
            verifier.algorithms(algorithms.map_err(|error| bad("ALGORITHMS", &names, error))?);
    }
    Ok(verifier.build()?)
}

/// The value of a variable, if it is set.
fn read<T: FromStr<Err: Display>>(name: &str) -> Result<Option<T>, String> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => value.parse().map(Some).map_err(|error| bad(name, &value, error)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(value)) => Err(bad(name, value.display(), "not UTF-8")),
    }
}

fn is_on(name: &str) -> Result<bool, String> {
    match read::<String>(name)?.as_deref() {
        None | Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(other) => Err(bad(name, other, "neither 0 nor 1")),
    }
}

fn require(name: &str) -> Result<String, String> {
    read(name)?.ok_or_else(|| format!("{name} must be set"))
}

fn bad(name: &str, value: impl Display, problem: impl Display) -> String {
    format!("{name} `{value}`: {problem}")
}

/// Listens for signals from now on; ends with the first.
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
