//! A custom source.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jwks_client_rs::{JsonWebKeySet, JwksClientError, source::JwksSource};
use portcullis::{
    Algorithm, ErrorKind, JwtVerifier, error::TokenFault, jwt::JwtVerifierBuilder,
    testing::TestIssuer,
};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};

use crate::support::{API, outcome::verify_token};

/// The keys of a test issuer, or a failure that the test chooses.
#[derive(Clone)]
struct KeyStore {
    issuer: TestIssuer,
    state: Arc<Mutex<State>>,
    fetches: Arc<AtomicUsize>,
}

#[derive(Clone)]
enum State {
    Serves,
    ServesSet(Value),
    Fails,
    Hangs,
    Panics,
}

impl KeyStore {
    fn new() -> Self {
        let issuer = TestIssuer::new();
        issuer.publish(Algorithm::Es256);
        let state = Arc::new(Mutex::new(State::Serves));
        Self { issuer, state, fetches: Arc::default() }
    }

    fn set(&self, state: State) {
        *self.state.lock().unwrap() = state;
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }

    fn builder(&self) -> JwtVerifierBuilder<portcullis::jwt::AudienceGiven> {
        let builder = JwtVerifier::builder(self.issuer.issuer()).clock(self.issuer.clock());
        builder.audience(API).jwks_source(self.clone())
    }

    fn verifier(&self) -> JwtVerifier {
        self.builder().build().unwrap()
    }

    fn token(&self) -> String {
        self.issuer.token().audience(API).mint()
    }

    fn advance(&self, seconds: u64) {
        self.issuer.clock().advance(Duration::from_secs(seconds));
    }
}

#[async_trait]
impl JwksSource for KeyStore {
    async fn fetch_keys(&self) -> Result<JsonWebKeySet, JwksClientError> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        let state = self.state.lock().unwrap().clone();
        let set = match state {
            State::Serves => self.issuer.jwk_set(),
            State::ServesSet(set) => set.to_string(),
            State::Fails => {
                // The errors of that crate have no public constructor.
                let empty = JsonWebKeySet::from(Vec::new());
                return Err(empty.take_key("no-such-key").unwrap_err());
            }
            State::Hangs => std::future::pending().await,
            State::Panics => panic!("the source panics"),
        };
        Ok(serde_json::from_str(&set).unwrap())
    }
}

async fn rejection(verifier: &JwtVerifier, token: &str) -> Option<ErrorKind> {
    verify_token(verifier, token).await.err().map(|error| error.kind())
}

const UNKNOWN: Option<ErrorKind> = Some(ErrorKind::InvalidToken(TokenFault::UnknownKey));
const UNAVAILABLE: Option<ErrorKind> = Some(ErrorKind::Unavailable);

#[tokio::test]
async fn keys_of_a_source_verify_tokens_of_every_asymmetric_algorithm() {
    let store = KeyStore::new();
    for algorithm in [Algorithm::Rs256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa] {
        store.issuer.publish(algorithm);
    }
    let verifier = store.verifier();
    for algorithm in [
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Ps256,
        Algorithm::Ps384,
        Algorithm::Ps512,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::EdDsa,
    ] {
        let token = store.issuer.token().audience(API).algorithm(algorithm).mint();
        assert_eq!(rejection(&verifier, &token).await, None, "{algorithm}");
    }
    assert_eq!(store.fetches(), 1);
}

#[tokio::test]
async fn concurrent_first_requests_share_one_fetch_from_the_source() {
    let store = KeyStore::new();
    let verifier = store.verifier();
    let expired = store.issuer.token().audience(API).claim("exp", json!(0)).mint();
    let expired = rejection(&verifier, &expired).await;
    assert_eq!(expired, Some(ErrorKind::InvalidToken(TokenFault::Expired)));
    assert_eq!(store.fetches(), 0);

    let requests = (0..100).map(|_| (verifier.clone(), store.token()));
    let concurrent_requests: JoinSet<_> = requests
        .map(|(verifier, token)| async move { rejection(&verifier, &token).await })
        .collect();
    assert!(concurrent_requests.join_all().await.iter().all(Option::is_none));
    assert_eq!(store.fetches(), 1);
}

#[tokio::test]
async fn a_rotation_is_picked_up_and_unknown_kids_are_rate_limited() {
    let store = KeyStore::new();
    let verifier = store.verifier();
    assert_eq!(rejection(&verifier, &store.token()).await, None);

    store.issuer.rotate_keys(true);
    assert_eq!(rejection(&verifier, &store.token()).await, None);
    assert_eq!(store.fetches(), 2);

    for number in 0..100 {
        let unknown_kid =
            store.issuer.token().audience(API).header("kid", json!(number.to_string()));
        assert_eq!(rejection(&verifier, &unknown_kid.mint()).await, UNKNOWN);
    }
    assert_eq!(store.fetches(), 2, "the cooldown has started with the rotation");

    store.advance(10);
    let unknown_kid = store.issuer.token().audience(API).header("kid", json!("unknown")).mint();
    for _ in 0..100 {
        assert_eq!(rejection(&verifier, &unknown_kid).await, UNKNOWN);
    }
    assert_eq!(store.fetches(), 3);
}

#[tokio::test]
async fn a_failing_source_is_503_and_is_retried_after_a_backoff() {
    let store = KeyStore::new();
    let verifier = store.verifier();
    store.set(State::Fails);
    for _ in 0..10 {
        let error = verify_token(&verifier, &store.token()).await.unwrap_err();
        assert_eq!((error.kind(), error.status().as_u16()), (ErrorKind::Unavailable, 503));
        assert!(error.retry_after().is_some_and(|after| after <= Duration::from_secs(1)));
    }
    assert_eq!(store.fetches(), 1, "no fetch during the backoff");
    let reason = verifier.readiness().last_error().unwrap().to_owned();
    assert!(reason.contains("no-such-key"), "the error of the source: {reason}");

    store.set(State::Serves);
    store.advance(1);
    assert_eq!(rejection(&verifier, &store.token()).await, None);
    assert_eq!(verifier.readiness().last_error(), None);
}

#[tokio::test]
async fn cached_keys_are_used_during_an_outage_of_their_source() {
    const DAY: u64 = 24 * 60 * 60;
    let store = KeyStore::new();
    let verifier = store.verifier();
    let long_lived = store.issuer.token().audience(API).expires_in(Duration::from_secs(3 * DAY));
    let long_lived = long_lived.mint();
    assert_eq!(rejection(&verifier, &long_lived).await, None);

    store.set(State::Fails);
    for _ in 0..24 {
        store.advance(60 * 60);
        assert_eq!(rejection(&verifier, &long_lived).await, None);
    }
    // Fresh for 10 minutes, and usable for another day.
    store.advance(601);
    assert_eq!(rejection(&verifier, &long_lived).await, UNAVAILABLE);

    store.set(State::Serves);
    store.advance(60);
    assert_eq!(rejection(&verifier, &long_lived).await, None);
}

#[tokio::test]
async fn a_token_with_an_unknown_key_is_503_while_the_source_fails() {
    let store = KeyStore::new();
    let verifier = store.verifier();
    assert_eq!(rejection(&verifier, &store.token()).await, None);
    store.issuer.rotate_keys(true);
    store.set(State::Fails);
    assert_eq!(rejection(&verifier, &store.token()).await, UNAVAILABLE, "it wasn't verified");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_times_out() {
    let store = KeyStore::new();
    let verifier = store.verifier();
    store.set(State::Hangs);
    let start = Instant::now();
    assert_eq!(rejection(&verifier, &store.token()).await, UNAVAILABLE);
    assert_eq!(start.elapsed(), Duration::from_secs(5), "the time-out of a fetch");

    store.set(State::Serves);
    store.advance(1);
    assert_eq!(rejection(&verifier, &store.token()).await, None);
}

#[tokio::test]
async fn a_panic_in_the_source_is_a_failure() {
    let store = KeyStore::new();
    let verifier = store.verifier();
    store.set(State::Panics);
    assert_eq!(rejection(&verifier, &store.token()).await, UNAVAILABLE);
    store.set(State::Serves);
    store.advance(1);
    assert_eq!(rejection(&verifier, &store.token()).await, None);
}

#[tokio::test]
async fn unusable_keys_of_a_source_are_skipped_and_the_rest_are_used() {
    let store = KeyStore::new();
    store.issuer.publish(Algorithm::Rs256);
    let set: Value = serde_json::from_str(&store.issuer.jwk_set()).unwrap();
    let key = |kty: &str| set["keys"].as_array().unwrap().iter().find(|key| key["kty"] == kty);
    let changed = |kty: &str, name: &str, value: &str| {
        let mut key = key(kty).unwrap().clone();
        key[name] = json!(value);
        key
    };
    let (rsa, ec) = (key("RSA").unwrap().clone(), key("EC").unwrap().clone());
    let of_rsa = || store.issuer.token().audience(API).algorithm(Algorithm::Rs256).mint();
    for (case, keys, ec_accepted, rsa_accepted) in [
        ("RSA for encryption", vec![changed("RSA", "use", "enc"), ec.clone()], true, false),
        ("RSA for RSA-OAEP", vec![changed("RSA", "alg", "RSA-OAEP"), ec.clone()], true, false),
        ("RSA for PS256 only", vec![changed("RSA", "alg", "PS256"), ec.clone()], true, false),
        ("RSA for HS256", vec![changed("RSA", "alg", "HS256"), ec.clone()], true, false),
        ("a short modulus", vec![changed("RSA", "n", "AQAB"), ec.clone()], true, false),
        ("a point off the curve", vec![changed("EC", "x", "AQAB"), rsa.clone()], false, true),
        ("another curve", vec![changed("EC", "crv", "P-384"), rsa.clone()], false, true),
    ] {
        store.set(State::ServesSet(json!({ "keys": keys })));
        let verifier = store.verifier();
        assert_eq!(rejection(&verifier, &store.token()).await.is_none(), ec_accepted, "EC: {case}");
        assert_eq!(rejection(&verifier, &of_rsa()).await.is_none(), rsa_accepted, "RSA: {case}");
    }
}

#[tokio::test]
async fn a_set_of_more_than_a_hundred_keys_is_a_failure_of_the_source() {
    let store = KeyStore::new();
    let set: Value = serde_json::from_str(&store.issuer.jwk_set()).unwrap();
    let many = |count: usize| json!({ "keys": vec![set["keys"][0].clone(); count] });
    for (count, rejected) in [(100, None), (101, UNAVAILABLE)] {
        store.set(State::ServesSet(many(count)));
        assert_eq!(rejection(&store.verifier(), &store.token()).await, rejected, "{count} keys");
    }
}
