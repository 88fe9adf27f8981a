//! The service that the page calls: one router behind layers for tokens, cookies and passwords.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, WebSocketUpgrade, ws::Message},
    middleware::{Next, from_fn},
    response::{Response, Sse, sse::Event},
    routing::{any, get, post, put},
};
use http::{HeaderName, HeaderValue, Method, header};
use portcullis::{
    Algorithm, AuthenticateLayer, BasicCredentials, ErrorKind, Identity, JwtVerifier,
    RequireScopeLayer, Scope, Verification, Verify,
    binding::Dpop,
    testing::{TestClock, TestIssuer},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};
use tower_http::cors::CorsLayer;

const API: &str = "https://api.example";

pub struct Service {
    address: SocketAddr,
    issuer: Arc<TestIssuer>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Service {
    /// Starts a service whose CORS layers allow pages of `origin`.
    pub async fn start(origin: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        // The browser signs proofs with the time of the system.
        let issuer = TestIssuer::with_clock("https://as.example", TestClock::running());
        issuer.publish(Algorithm::Es256);
        let issuer = Arc::new(issuer);

        let dpop = Dpop::builder(format!("http://{address}"))
            .nonces("a secret of 32 bytes, and not one fewer")
            .build()
            .expect("valid settings");
        let tokens = || layer(&issuer).dpop(dpop.clone()).query_parameter().websocket_protocol();
        let basic = layer(&issuer).basic(Nobody).without_basic_challenge_for_scripts();
        let exposed = cors(origin)
            .expose_headers([header::WWW_AUTHENTICATE, HeaderName::from_static("dpop-nonce")]);
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&requests);
        let app = Router::new()
            .nest("/exposed", routes().layer(tokens()).layer(exposed.clone()))
            .nest("/unexposed", routes().layer(tokens()).layer(cors(origin)))
            .nest("/inside", routes().layer(exposed.clone()).layer(tokens()))
            .nest("/basic", routes().layer(basic).layer(exposed.clone()))
            .nest("/cookie", routes().layer(layer(&issuer).cookie("session")).layer(cors(origin)))
            .nest(
                "/cookies",
                routes()
                    .layer(layer(&issuer).cookie_for_every_method("session"))
                    .layer(cors(origin)),
            )
            .merge(login(&issuer).layer(cors(origin)))
            .layer(from_fn(move |request: Request, next: Next| {
                log.lock().expect("no panic").push(summary(&request));
                next.run(request)
            }));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, issuer, requests }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub const fn issuer(&self) -> &Arc<TestIssuer> {
        &self.issuer
    }

    /// The tokens that the page uses.
    pub fn tokens(&self) -> Value {
        let token = || self.issuer.token().subject("alice").audience(API);
        json!({
            "valid": token().mint(),
            "writer": token().scope("orders:write").mint(),
            // More than the leeway ago.
            "expired": token()
                .claim("iat", json!(1_600_000_000))
                .claim("exp", json!(1_600_000_600))
                .mint(),
        })
    }

    /// The requests that have arrived.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

/// Mints a token for the client with the key of this thumbprint.
pub fn bound_token(issuer: &TestIssuer, thumbprint: &str) -> String {
    issuer.token().subject("alice").audience(API).claim("cnf", json!({"jkt": thumbprint})).mint()
}

/// The rows of the table in `docs/layers.md` about what a script can read.
pub fn table() -> [(String, Vec<String>); 5] {
    let page = include_str!("../../docs/layers.md");
    let (_, section) = page.split_once("\n## What a script in a browser can read\n").expect("it");
    let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', ""));
        (cells.next().expect("a first cell"), cells.collect())
    });
    let rows: Vec<_> = rows.collect();
    rows.try_into().expect("five rows")
}

fn layer(issuer: &TestIssuer) -> AuthenticateLayer {
    let verifier = JwtVerifier::builder(issuer.issuer())
        .audience(API)
        .http_client(issuer.http_client())
        .clock(issuer.clock());
    AuthenticateLayer::bearer(verifier.build().expect("valid settings")).realm("orders")
}

fn cors(origin: &str) -> CorsLayer {
    CorsLayer::new()
        .allow_origin([HeaderValue::from_str(origin).expect("a header value")])
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::PUT])
        .allow_headers([header::AUTHORIZATION, HeaderName::from_static("dpop")])
}

/// Rejects every password.
struct Nobody;

impl Verify<BasicCredentials> for Nobody {
    fn verify(&self, _: BasicCredentials) -> Verification {
        Verification::ready(Err(ErrorKind::InvalidCredentials.into()))
    }
}

fn routes() -> Router {
    let write = RequireScopeLayer::new(Scope::from_static("orders:write"));
    Router::new()
        .route("/me", get(async |identity: Identity| subject(&identity)))
        .route(
            "/orders",
            put(async |identity: Identity| format!("ordered by {}", subject(&identity)))
                .route_layer(write),
        )
        .route("/socket", any(async |upgrade, identity| socket(upgrade, &identity)))
        .route(
            "/chat",
            any(async |upgrade: WebSocketUpgrade, identity| {
                socket(upgrade.protocols(["chat.v1"]), &identity)
            }),
        )
        .route("/events", get(events))
}

/// Sends the subject.
fn socket(upgrade: WebSocketUpgrade, identity: &Identity) -> Response {
    let subject = subject(identity);
    upgrade.on_upgrade(async move |mut socket| {
        let _ = socket.send(Message::text(subject)).await;
        // Until the page closes it.
        while let Some(Ok(_)) = socket.recv().await {}
    })
}

/// Sends two events and leaves the stream open.
async fn events(identity: Identity) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let subject = subject(&identity);
    let events = [0, 1].map(|number| Ok(Event::default().data(format!("{subject} {number}"))));
    Sse::new(tokio_stream::iter(events).chain(tokio_stream::pending()))
}

fn subject(identity: &Identity) -> String {
    identity.subject().unwrap_or_default().to_owned()
}

/// Sets and removes the session cookie.
fn login(issuer: &TestIssuer) -> Router {
    let token = issuer.token().subject("alice").audience(API).scope("orders:write");
    let token = token.expires_in(Duration::from_secs(600)).mint();
    let with_cookie = |cookie: String| post(async move || [(header::SET_COOKIE, cookie)]);
    let session = |rest: &str| with_cookie(format!("session={token}; Path=/; HttpOnly; {rest}"));
    Router::new()
        .route("/login/lax", session("SameSite=Lax"))
        .route("/login/none", session("SameSite=None; Secure; Partitioned"))
        .route(
            "/logout",
            with_cookie("session=; Path=/; Max-Age=0; SameSite=None; Secure; Partitioned".into()),
        )
}

fn summary(request: &Request) -> String {
    let site = request.headers().get("sec-fetch-site").and_then(|site| site.to_str().ok());
    let cookie = if request.headers().contains_key(header::COOKIE) { " with a cookie" } else { "" };
    let path = request.uri().path();
    format!("{} {path} {}{cookie}", request.method(), site.unwrap_or("nowhere"))
}
