//! An issuer and an introspection endpoint behind a proxy each, and two services that depend on them.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Body, extract::Request, response::Response, routing::get};
use http::StatusCode;
use portcullis::{
    Algorithm, AuthenticateLayer, IntrospectionVerifier, JwtVerifier,
    http_client::HttpClient,
    testing::{TestClock, TestIssuer},
};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    API, TOKEN_CACHE,
    client::exchange,
    proxy::Proxy,
    random::Random,
    record::{Record, SLACK},
};

/// How much faster than the system's clock that of the issuer and the services goes, so that minutes of a cache or of a
/// backoff pass in seconds. Time limits of connections are those of the system's clock.
pub const SPEED: u32 = 20;

/// The documented times by the faster clock.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60 / SPEED as u64);
const COOLDOWN: Duration = Duration::from_millis(10_000 / SPEED as u64);
const INTROSPECTIONS_ARE_CACHED: Duration = Duration::from_secs(60 / SPEED as u64);

/// The time limit of a fetch and of an introspection.
const TIME_LIMIT: Duration = Duration::from_secs(5);

const OPAQUE_TOKENS: usize = 50;

pub struct Tokens {
    issuer: TestIssuer,
    pub issuer_proxy: Proxy,
    pub introspection_proxy: Proxy,
    jwt_service: Router,
    opaque_service: Router,
    pub jwts: Record,
    pub introspected: Record,
    current: Mutex<Current>,
    /// The newest generation of keys of which a token was accepted.
    accepted: AtomicU64,
    server: JoinHandle<()>,
}

/// What clients hold.
struct Current {
    generation: u64,
    rotated: Instant,
    jwt: String,
    /// A token of the keys before.
    withdrawn: Option<String>,
    opaque: Vec<String>,
    revoked: Option<(String, Instant)>,
}

impl Tokens {
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let issuer_proxy = Proxy::start(address).await?;
        let introspection_proxy = Proxy::start(address).await?;

        let url = |address: SocketAddr| format!("http://{address}");
        let clock = TestClock::running();
        let issuer = TestIssuer::with_clock(url(issuer_proxy.address), clock.clone());
        issuer.publish(Algorithm::Es256);
        issuer.register_client("api", "the secret of the api");
        let server = tokio::spawn(serve(listener, issuer.clone()));

        let jwt = JwtVerifier::builder(issuer.issuer()).audience(API).clock(clock.clone());
        let jwt = jwt.token_cache(TOKEN_CACHE);
        let endpoint = format!("{}/introspect", url(introspection_proxy.address));
        let opaque = IntrospectionVerifier::builder(endpoint)
            .client_secret_basic("api", "the secret of the api")
            .audience(API)
            .clock(clock);
        let service = |layer| Router::new().route("/", get("in")).layer(layer);
        let now = Instant::now();
        Ok(Self {
            jwt_service: service(AuthenticateLayer::bearer(jwt.build().unwrap())),
            opaque_service: service(AuthenticateLayer::bearer(opaque.build().unwrap())),
            jwts: Record::new("JWTs", LONGEST_BACKOFF + TIME_LIMIT),
            introspected: Record::new("introspected tokens", TIME_LIMIT),
            current: Mutex::new(Current {
                generation: 1,
                rotated: now,
                jwt: jwt_of(&issuer),
                withdrawn: None,
                opaque: (0..OPAQUE_TOKENS).map(|_| opaque_of(&issuer)).collect(),
                revoked: None,
            }),
            accepted: AtomicU64::new(0),
            issuer,
            issuer_proxy,
            introspection_proxy,
            server,
        })
    }

    /// Turns the clock as far as it goes ahead of the system's in this time.
    pub fn pass(&self, time: Duration) {
        self.issuer.clock().advance(time * (SPEED - 1));
    }

    /// Replaces the key of the issuer.
    pub fn rotate(&self) {
        let mut current = self.current();
        self.issuer.rotate_keys(false);
        let jwt = jwt_of(&self.issuer);
        current.withdrawn = Some(std::mem::replace(&mut current.jwt, jwt));
        current.generation += 1;
        current.rotated = Instant::now();
    }

    /// Revokes an opaque token at the issuer, whose clients get another one.
    pub fn revoke(&self, random: &mut Random) {
        let mut current = self.current();
        let at = usize::try_from(random.below(OPAQUE_TOKENS as u64)).unwrap();
        let revoked = std::mem::replace(&mut current.opaque[at], opaque_of(&self.issuer));
        self.issuer.revoke(&*revoked);
        current.revoked = Some((revoked, Instant::now()));
    }

    /// Sends one request with a JWT.
    pub async fn send_jwt(&self, random: &mut Random) {
        let (generation, rotated, jwt, withdrawn) = {
            let current = self.current();
            (current.generation, current.rotated, current.jwt.clone(), current.withdrawn.clone())
        };
        let proxy = Some(&self.issuer_proxy);
        let send = async |token: &str| exchange(&self.jwt_service, token).await;
        match random.below(8) {
            0 => {
                let expired = self.issuer.token().audience(API).claim("exp", 1.into()).mint();
                self.jwts.add("an expired JWT", send(&expired).await, |status| status == 401, None);
            }
            1 => {
                let other = self.issuer.token().audience("https://other.example").mint();
                self.jwts.add("a JWT for others", send(&other).await, |status| status == 401, None);
            }
            2 => {
                let kid = format!("{:x}", random.next()).into();
                let forged = TestIssuer::named(self.issuer.issuer()).token().audience(API);
                let forged = forged.header("kid", kid).mint();
                self.jwts.add("a forged JWT", send(&forged).await, |status| status == 401, proxy);
            }
            3 => {
                let forged = TestIssuer::named(self.issuer.issuer()).token().audience(API).mint();
                self.jwts.add("a forged JWT", send(&forged).await, |status| status == 401, proxy);
            }
            4 if withdrawn.is_some() => {
                let accepted = self.accepted.load(Ordering::Acquire);
                let is_gone = accepted >= generation;
                let is_right = |status| status == 401 || (status == 200 && !is_gone);
                let exchange = send(&withdrawn.unwrap()).await;
                self.jwts.add("a JWT of a withdrawn key", exchange, is_right, proxy);
            }
            _ => {
                let accepted = self.accepted.load(Ordering::Acquire);
                let exchange = send(&jwt).await;
                // A new key is noticed at the latest when the cool-down after a fetch of the old set ends.
                let is_unknown = accepted < generation
                    && exchange.began < rotated + COOLDOWN + TIME_LIMIT + SLACK;
                let is_old = self.current().generation != generation;
                let is_right = |status| status == 200 || (status == 401 && (is_unknown || is_old));
                self.jwts.add("a valid JWT", exchange, is_right, proxy);
                if exchange.status == 200 && !is_old {
                    self.accepted.fetch_max(generation, Ordering::AcqRel);
                }
            }
        }
    }

    /// Sends one request with an opaque token.
    pub async fn send_opaque(&self, random: &mut Random) {
        let (token, revoked) = {
            let current = self.current();
            (random.pick(&current.opaque).clone(), current.revoked.clone())
        };
        let proxy = Some(&self.introspection_proxy);
        let send = async |token: &str| exchange(&self.opaque_service, token).await;
        match (random.below(6), revoked) {
            (0, _) => {
                let unknown = format!("{:x}", random.next());
                let exchange = send(&unknown).await;
                self.introspected.add("a made-up token", exchange, |status| status == 401, proxy);
            }
            (1, Some((revoked, at))) => {
                let exchange = send(&revoked).await;
                let known = at + INTROSPECTIONS_ARE_CACHED + TIME_LIMIT + SLACK;
                let is_right = |status| status == 401 || (status == 200 && exchange.began < known);
                self.introspected.add("a revoked token", exchange, is_right, proxy);
            }
            _ => {
                let exchange = send(&token).await;
                let is_revoked = !self.current().opaque.contains(&token);
                let is_right = |status| status == 200 || (status == 401 && is_revoked);
                self.introspected.add("a valid token", exchange, is_right, proxy);
            }
        }
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn jwt_of(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).expires_in(Duration::from_secs(100 * 24 * 3600)).mint()
}

fn opaque_of(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).expires_in(Duration::from_secs(100 * 24 * 3600)).mint_opaque()
}

/// Serves an issuer that has the address of a proxy.
async fn serve(listener: TcpListener, issuer: TestIssuer) {
    let client = issuer.http_client();
    let respond = async move |request: Request| -> Response {
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = format!("{}{path}", issuer.issuer()).parse().unwrap();
        let body = axum::body::to_bytes(body, 64 * 1024).await.unwrap_or_default();
        let request = http::Request::from_parts(head, body.to_vec());
        let failure = || {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            response
        };
        let response = client.send(request, 256 * 1024).await;
        response.map_or_else(|_| failure(), |response| response.map(Body::from))
    };
    drop(axum::serve(listener, Router::new().fallback(respond)).await);
}
