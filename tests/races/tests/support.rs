//! An issuer, its tokens, and requests.

use std::{
    fmt,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64_simd::URL_SAFE_NO_PAD as BASE64URL;
use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use portcullis::{
    BearerToken, Clock, ErrorKind, JwtVerifier, Verification, Verify,
    error::TokenFault,
    http_client::{HttpClient, HttpResponseFuture},
    verify::Revocations,
};
use races_model::point;
use shuttle::future::block_on;
use tokio::{sync::watch, time};

pub const API: &str = "https://api.example";
pub const ISSUER: &str = "https://as.example";

/// The time at which a scenario begins, in seconds since 1970.
const START: u64 = 1_800_000_000;

/// Runs a scenario under many schedules.
pub fn check(scenario: fn()) {
    races_model::check(move || {
        time::reset();
        scenario();
    });
}

/// Runs a scenario under every schedule, and says how many there are.
pub fn check_all(name: &str, scenario: fn()) {
    let schedules = races_model::check_all(move || {
        time::reset();
        scenario();
    });
    println!("{name}: {schedules} schedules");
}

/// The one clock: that of tokio's stand-in.
#[derive(Debug)]
pub struct ModelClock;

impl Clock for ModelClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(START) + time::Instant::now().since_start()
    }
}

pub fn advance(seconds: u64) {
    time::advance(Duration::from_secs(seconds));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    Rejected(TokenFault),
    Unavailable,
}

pub use Outcome::{Accepted, Rejected, Unavailable};

/// Sends a request with a token, and waits for the outcome.
pub fn request(verifier: &impl for<'a> Verify<BearerToken<'a>>, token: &str) -> Outcome {
    match block_on(begin(verifier, token).wait()) {
        Ok(_) => Accepted,
        Err(error) => match error.kind() {
            ErrorKind::InvalidToken(fault) => Rejected(fault),
            ErrorKind::Unavailable => Unavailable,
            kind => panic!("{kind:?}: {error}"),
        },
    }
}

/// Begins a request.
pub fn begin(verifier: &impl for<'a> Verify<BearerToken<'a>>, token: &str) -> Verification {
    if let Some(identity) = verifier.cached(token.as_bytes()) {
        return Verification::ready(Ok(identity));
    }
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    verifier.verify_uncached(BearerToken::from_headers(&headers).unwrap())
}

/// Sends a request on its own thread.
pub fn spawn_request<V>(verifier: &V, token: &'static str) -> JoinHandle<Outcome>
where
    V: for<'a> Verify<BearerToken<'a>> + Clone,
{
    let verifier = verifier.clone();
    thread::spawn(move || request(&verifier, token))
}

/// Lets time pass, a second at a time, while `work` runs.
pub fn while_time_passes<T>(work: impl FnOnce() -> T) -> T {
    let is_over = Arc::new(AtomicBool::new(false));
    let time = thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || {
            while !is_over.load(SeqCst) {
                advance(1);
                // Lets the scheduler prefer others.
                shuttle::thread::yield_now();
            }
        }
    });
    let result = work();
    is_over.store(true, SeqCst);
    join(time);
    result
}

pub fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap()
}

/// A verifier of tokens that the first key has signed.
pub fn verifier_with_one_key(revocations: &Revocations) -> JwtVerifier {
    JwtVerifier::builder(ISSUER)
        .audience(API)
        .jwk_set(key_set(&[0]))
        .clock(ModelClock)
        .revocations(revocations.clone())
        .build()
        .unwrap()
}

fn key_set(keys: &[usize]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| KEYS[*key].jwk.clone()).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// A key of the issuer, with two tokens that it has signed.
pub struct Key {
    pub kid: &'static str,
    pub token: &'static str,
    pub other_token: &'static str,
    jwk: String,
}

/// The keys, in the order in which they are used.
pub static KEYS: LazyLock<[Key; 3]> =
    LazyLock::new(|| [(1, "one"), (2, "two"), (3, "three")].map(|(seed, kid)| Key::new(seed, kid)));

impl Key {
    fn new(seed: u8, kid: &'static str) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let x = BASE64URL.encode_to_string(pair.public_key().as_ref());
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{x}"}}"#);
        let token = |subject: &str| -> &'static str {
            Box::leak(sign(&pair, kid, subject).into_boxed_str())
        };
        Self { kid, token: token("alice"), other_token: token("bob"), jwk }
    }
}

fn sign(pair: &Ed25519KeyPair, kid: &str, subject: &str) -> String {
    let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#);
    let claims = format!(
        r#"{{"iss":"{ISSUER}","aud":"{API}","sub":"{subject}","iat":{START},"exp":{}}}"#,
        START + 1_000_000
    );
    let signed = [header, claims].map(|part| BASE64URL.encode_to_string(part)).join(".");
    let signature = pair.sign(signed.as_bytes());
    format!("{signed}.{}", BASE64URL.encode_to_string(signature.as_ref()))
}

/// An issuer, as the HTTP client that requests reach it by.
#[derive(Clone)]
pub struct Issuer(Arc<State>);

struct State {
    /// The indices of the published keys. None if the issuer responds with 500.
    published: Mutex<Option<Vec<usize>>>,
    fetches: AtomicUsize,
    arrived: watch::Sender<bool>,
    /// How many responses may have been delivered.
    delivered: watch::Sender<usize>,
    /// How many fetches were dropped before their responses.
    dropped: watch::Sender<usize>,
}

impl Issuer {
    pub fn new() -> Self {
        Self(Arc::new(State {
            published: Mutex::new(Some(vec![0])),
            fetches: AtomicUsize::new(0),
            arrived: watch::channel(false).0,
            delivered: watch::channel(usize::MAX).0,
            dropped: watch::channel(0).0,
        }))
    }

    pub fn publish(&self, keys: &[usize]) {
        *self.0.published.lock().unwrap() = Some(keys.to_vec());
    }

    pub fn fail(&self) {
        *self.0.published.lock().unwrap() = None;
    }

    pub fn fetches(&self) -> usize {
        self.0.fetches.load(SeqCst)
    }

    /// Holds back all responses after the first ones.
    pub fn deliver(&self, responses: usize) {
        self.0.delivered.send_replace(responses);
    }

    /// Waits until the first fetch has reached the issuer.
    pub fn wait_for_fetch(&self) {
        block_on(self.0.arrived.subscribe().wait_for(|arrived| *arrived)).unwrap();
    }

    /// Waits until a fetch is dropped before its response.
    pub fn wait_for_dropped_fetch(&self) {
        block_on(self.0.dropped.subscribe().wait_for(|dropped| *dropped > 0)).unwrap();
    }

    /// A verifier of this issuer's tokens, without a cache for tokens if `cache` is 0.
    pub fn verifier(&self, cache: usize) -> JwtVerifier {
        JwtVerifier::builder(ISSUER)
            .audience(API)
            .jwks_uri("https://as.example/jwks")
            .http_client(self.clone())
            .clock(ModelClock)
            .token_cache(cache)
            .build()
            .unwrap()
    }

    /// A verifier that has fetched the first key.
    pub fn warm_verifier(&self, cache: usize) -> JwtVerifier {
        let verifier = self.verifier(cache);
        assert_eq!(request(&verifier, KEYS[0].other_token), Accepted);
        assert_eq!(self.fetches(), 1);
        verifier
    }
}

impl HttpClient for Issuer {
    fn send(&self, _request: Request<Vec<u8>>, _max_body: usize) -> HttpResponseFuture {
        let state = Arc::clone(&self.0);
        Box::pin(async move {
            let number = state.fetches.fetch_add(1, SeqCst);
            let mut on_drop = OnDrop(Some(Arc::clone(&state)));
            let published = state.published.lock().unwrap().clone();
            state.arrived.send_replace(true);
            let delivered =
                state.delivered.subscribe().wait_for(|most| number < *most).await.is_ok();
            assert!(delivered);
            point();
            on_drop.0 = None;
            let (status, body) = match published {
                Some(keys) => (200, key_set(&keys)),
                None => (500, String::new()),
            };
            let response =
                Response::builder().status(status).header("content-type", "application/json");
            Ok(response.body(body.into_bytes()).unwrap())
        })
    }
}

/// Counts a fetch that is dropped.
struct OnDrop(Option<Arc<State>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(state) = self.0.take() {
            state.dropped.send_modify(|dropped| *dropped += 1);
        }
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issuer")
    }
}
