//! A source of the user's own.

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
    Algorithm, ErrorKind, JwtVerifier, TokenFault, jwt::JwtVerifierBuilder, testing::TestIssuer,
};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};

use crate::support::{API, verdict::judge};

/// Where the keys of a test issuer are, for as long as the test says so.
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
                // The crate's errors can't be made, only had.
                let none = JsonWebKeySet::from(Vec::new());
                return Err(none.take_key("no-such-key").unwrap_err());
            }
            State::Hangs => std::future::pending().await,
            State::Panics => panic!("the source panics"),
        };
        Ok(serde_json::from_str(&set).unwrap())
    }
}

async fn rejection(verifier: &JwtVerifier, token: &str) -> Option<ErrorKind> {
    judge(verifier, token).await.err().map(|error| error.kind())
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
async fn a_source_is_asked_when_the_first_token_needs_it_and_once_for_a_hundred() {
    let store = KeyStore::new();
    let verifier = store.verifier();
    let expired = store.issuer.token().audience(API).claim("exp", json!(0)).mint();
    let expired = rejection(&verifier, &expired).await;
    assert_eq!(expired, Some(ErrorKind::InvalidToken(TokenFault::Expired)));
    assert_eq!(store.fetches(), 0);

    let requests = (0..100).map(|_| (verifier.clone(), store.token()));
    let crowd: JoinSet<_> = requests
        .map(|(verifier, token)| async move { rejection(&verifier, &token).await })
        .collect();
    assert!(crowd.join_all().await.iter().all(Option::is_none));
    assert_eq!(store.fetches(), 1);
}

#[tokio::test]
async fn a_rotation_is_picked_up_by_one_refetch_and_made_up_keys_by_no_more() {
    let store = KeyStore::new();
    let verifier = store.verifier();
    assert_eq!(rejection(&verifier, &store.token()).await, None);

    store.issuer.rotate_keys(true);
    assert_eq!(rejection(&verifier, &store.token()).await, None);
    assert_eq!(store.fetches(), 2);

    for number in 0..100 {
        let made_up = store.issuer.token().audience(API).header("kid", json!(number.to_string()));
        assert_eq!(rejection(&verifier, &made_up.mint()).await, UNKNOWN);
    }
    assert_eq!(store.fetches(), 2, "the cool-down has begun with the rotation");

    store.advance(10);
    let made_up = store.issuer.token().audience(API).header("kid", json!("made-up")).mint();
    for _ in 0..100 {
        assert_eq!(rejection(&verifier, &made_up).await, UNKNOWN);
    }
    assert_eq!(store.fetches(), 3);
}

#[tokio::test]
async fn a_source_that_fails_is_503_and_is_asked_again_after_a_pause() {
    let store = KeyStore::new();
    let verifier = store.verifier();
    store.set(State::Fails);
    for _ in 0..10 {
        let error = judge(&verifier, &store.token()).await.unwrap_err();
        assert_eq!((error.kind(), error.status().as_u16()), (ErrorKind::Unavailable, 503));
        assert!(error.retry_after().is_some_and(|after| after <= Duration::from_secs(1)));
    }
    assert_eq!(store.fetches(), 1, "no one asks within the pause");
    let reason = verifier.readiness().last_error().unwrap().to_owned();
    assert!(reason.contains("no-such-key"), "the source's own words: {reason}");

    store.set(State::Serves);
    store.advance(1);
    assert_eq!(rejection(&verifier, &store.token()).await, None);
    assert_eq!(verifier.readiness().last_error(), None);
}

#[tokio::test]
async fn good_keys_serve_through_an_outage_of_their_source_and_no_longer() {
    const DAY: u64 = 24 * 60 * 60;
    let store = KeyStore::new();
    let verifier = store.verifier();
    let lasting = store.issuer.token().audience(API).expires_in(Duration::from_secs(3 * DAY));
    let lasting = lasting.mint();
    assert_eq!(rejection(&verifier, &lasting).await, None);

    store.set(State::Fails);
    for _ in 0..24 {
        store.advance(60 * 60);
        assert_eq!(rejection(&verifier, &lasting).await, None);
    }
    // Fresh for 10 min, and usable for a day after that.
    store.advance(601);
    assert_eq!(rejection(&verifier, &lasting).await, UNAVAILABLE);

    store.set(State::Serves);
    store.advance(60);
    assert_eq!(rejection(&verifier, &lasting).await, None);
}

#[tokio::test]
async fn a_token_of_an_unknown_key_is_not_rejected_while_its_source_fails() {
    let store = KeyStore::new();
    let verifier = store.verifier();
    assert_eq!(rejection(&verifier, &store.token()).await, None);
    store.issuer.rotate_keys(true);
    store.set(State::Fails);
    assert_eq!(rejection(&verifier, &store.token()).await, UNAVAILABLE, "nobody has judged it");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_never_answers_is_given_up() {
    let store = KeyStore::new();
    let verifier = store.verifier();
    store.set(State::Hangs);
    let begin = Instant::now();
    assert_eq!(rejection(&verifier, &store.token()).await, UNAVAILABLE);
    assert_eq!(begin.elapsed(), Duration::from_secs(5), "as any fetch is");

    store.set(State::Serves);
    store.advance(1);
    assert_eq!(rejection(&verifier, &store.token()).await, None);
}

#[tokio::test]
async fn a_source_that_panics_is_one_that_fails() {
    let store = KeyStore::new();
    let verifier = store.verifier();
    store.set(State::Panics);
    assert_eq!(rejection(&verifier, &store.token()).await, UNAVAILABLE);
    store.set(State::Serves);
    store.advance(1);
    assert_eq!(rejection(&verifier, &store.token()).await, None);
}

#[tokio::test]
async fn keys_of_a_source_that_are_unfit_are_left_out_and_the_rest_serves() {
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
    for (what, odd, ec_serves, rsa_serves) in [
        ("RSA for encryption", vec![changed("RSA", "use", "enc"), ec.clone()], true, false),
        ("RSA for RSA-OAEP", vec![changed("RSA", "alg", "RSA-OAEP"), ec.clone()], true, false),
        ("RSA for PS256 only", vec![changed("RSA", "alg", "PS256"), ec.clone()], true, false),
        ("RSA for HS256", vec![changed("RSA", "alg", "HS256"), ec.clone()], true, false),
        ("a short modulus", vec![changed("RSA", "n", "AQAB"), ec.clone()], true, false),
        ("a point off the curve", vec![changed("EC", "x", "AQAB"), rsa.clone()], false, true),
        ("another curve", vec![changed("EC", "crv", "P-384"), rsa.clone()], false, true),
    ] {
        store.set(State::ServesSet(json!({ "keys": odd })));
        let verifier = store.verifier();
        assert_eq!(rejection(&verifier, &store.token()).await.is_none(), ec_serves, "EC: {what}");
        assert_eq!(rejection(&verifier, &of_rsa()).await.is_none(), rsa_serves, "RSA: {what}");
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
