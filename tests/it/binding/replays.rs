//! Proofs that were used before: by one service, by its replicas, and in a store that is full.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::{Request, StatusCode, header::AUTHORIZATION};
use portcullis::{
    Algorithm, AuthenticateLayer, ErrorKind,
    binding::{Dpop, DpopBuilder, MemoryReplayStore, Replay, ReplayStore},
    error::{DpopFault, TokenFault},
    testing::{DpopClient, ProofBuilder, TestIssuer},
};
use serde_json::json;

use crate::support::{API, TestResponse, issuer_with, send, whoami};

const URL: &str = "https://api.example/";
const REPLAYED: Option<ErrorKind> = Some(ErrorKind::InvalidDpopProof(DpopFault::Replayed));

struct Setting {
    issuer: TestIssuer,
    client: DpopClient,
    token: String,
}

impl Setting {
    fn new() -> Self {
        let issuer = issuer_with([Algorithm::Es256]);
        let client = DpopClient::new(Algorithm::Es256, issuer.clock());
        let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();
        Self { issuer, client, token }
    }

    /// A replica of the service.
    fn replica(&self, configure: impl FnOnce(DpopBuilder) -> DpopBuilder) -> Router {
        let verifier = self.issuer.verifier().audience(API).build().unwrap();
        let dpop = configure(Dpop::builder("https://api.example").clock(self.issuer.clock()));
        whoami().layer(AuthenticateLayer::bearer(verifier).dpop(dpop.build().unwrap()))
    }

    fn with_store(&self, store: impl ReplayStore) -> Router {
        self.replica(|dpop| dpop.replay_store(store))
    }

    fn store(&self, proofs: usize) -> MemoryReplayStore {
        MemoryReplayStore::with_capacity(proofs).clock(self.issuer.clock())
    }

    fn proof(&self) -> ProofBuilder {
        self.client.proof("GET", URL, &self.token)
    }

    async fn send(&self, app: &Router, proof: &str) -> TestResponse {
        let request = Request::get(URL)
            .header(AUTHORIZATION, format!("DPoP {}", self.token))
            .header("dpop", proof);
        send(app, request.body(Body::empty()).unwrap()).await
    }

    async fn kind(&self, app: &Router, proof: &str) -> Option<ErrorKind> {
        self.send(app, proof).await.kind()
    }
}

// Verifies rfc9449-7.1-grant.
#[tokio::test]
async fn a_cached_token_with_an_invalid_proof_is_rejected() {
    let setting = Setting::new();
    let app = setting.with_store(setting.store(100));
    let other = DpopClient::new(Algorithm::Es256, setting.issuer.clock());
    for _ in 0..2 {
        // The first request verifies the token, and the others find it in the cache.
        assert_eq!(setting.kind(&app, &setting.proof().sign()).await, None);
        for (proof, expected) in [
            (setting.proof().sign_with(&other), DpopFault::Signature.into()),
            (setting.proof().claim("htm", json!("PUT")).sign(), DpopFault::Method.into()),
            (other.proof("GET", URL, &setting.token).sign(), TokenFault::Binding.into()),
            (setting.client.proof("GET", URL, "another").sign(), DpopFault::TokenHash.into()),
        ] {
            assert_eq!(setting.kind(&app, &proof).await, Some(expected));
        }
    }
    assert_eq!(setting.issuer.requests_to("/jwks"), 1);
}

#[tokio::test]
async fn an_invalid_proof_is_not_stored() {
    let setting = Setting::new();
    let store = Arc::new(setting.store(100));
    let app = setting.with_store(Arc::clone(&store));
    let other = DpopClient::new(Algorithm::Es256, setting.issuer.clock());
    for _ in 0..10 {
        let forged = setting.proof().sign_with(&other);
        assert_eq!(setting.kind(&app, &forged).await, Some(DpopFault::Signature.into()));
    }
    assert!(store.is_empty());
    assert_eq!(setting.kind(&app, &setting.proof().sign()).await, None);
    assert_eq!(store.len(), 1);
    assert!(!store.is_empty());
}

#[tokio::test]
async fn an_outcome_can_be_waited_for() {
    for is_ready in [true, false] {
        let insert = |is_new| match is_ready {
            true => Replay::ready(Ok(is_new)),
            false => Replay::pending(async move { Ok(is_new) }),
        };
        for is_new in [true, false] {
            assert_eq!(insert(is_new).wait().await.unwrap(), is_new);
        }
    }
}

// Verifies rfc9449-11.1-replay.
#[tokio::test]
async fn replicas_with_one_store_accept_a_proof_once() {
    let setting = Setting::new();
    let store = Arc::new(setting.store(100));
    let shared = [(); 3].map(|()| setting.with_store(Arc::clone(&store)));
    let proof = setting.proof().sign();
    let mut outcomes = Vec::new();
    for replica in &shared {
        outcomes.push(setting.kind(replica, &proof).await);
    }
    assert_eq!(outcomes, [None, REPLAYED, REPLAYED]);

    // Each of these has its own, so a proof is accepted once by each.
    let apart = [(); 2].map(|()| setting.with_store(setting.store(100)));
    let proof = setting.proof().sign();
    for replica in &apart {
        assert_eq!(setting.kind(replica, &proof).await, None);
        assert_eq!(setting.kind(replica, &proof).await, REPLAYED);
    }
}

#[tokio::test]
async fn clients_of_different_keys_may_use_the_same_jti() {
    let setting = Setting::new();
    let app = setting.with_store(setting.store(100));
    for _ in 0..2 {
        let client = DpopClient::new(Algorithm::Es256, setting.issuer.clock());
        let token = setting.issuer.token().audience(API).claim("cnf", client.confirmation());
        let setting = Setting { issuer: setting.issuer.clone(), client, token: token.mint() };
        let proof = setting.proof().claim("jti", json!("the same")).sign();
        assert_eq!(setting.kind(&app, &proof).await, None);
        assert_eq!(setting.kind(&app, &proof).await, REPLAYED);
    }
}

#[tokio::test]
async fn a_full_store_is_503_until_proofs_expire_and_forgets_none() {
    let setting = Setting::new();
    let app = setting.with_store(setting.store(16));
    let mut accepted = Vec::new();
    let mut rejected = 0;
    for _ in 0..200 {
        let proof = setting.proof().sign();
        let response = setting.send(&app, &proof).await;
        if response.status == StatusCode::OK {
            accepted.push(proof);
        } else {
            rejected += 1;
            assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(response.headers.contains_key("retry-after"));
            assert!(!response.headers.contains_key("www-authenticate"));
        }
    }
    assert!(accepted.len() <= 16 && rejected >= 184, "{} {rejected}", accepted.len());
    for proof in &accepted {
        assert_eq!(setting.kind(&app, proof).await, REPLAYED);
    }
    // Once they are too old to be accepted, there is room again.
    setting.issuer.clock().advance(Duration::from_secs(62));
    assert_eq!(setting.kind(&app, &accepted[0]).await, Some(DpopFault::Time.into()));
    let token = setting.issuer.token().audience(API);
    let token = token.claim("cnf", setting.client.confirmation()).mint();
    let setting = Setting { token, ..setting };
    assert_eq!(setting.kind(&app, &setting.proof().sign()).await, None);
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn a_full_store_is_logged_once_a_minute_with_a_count() {
    use tracing::Level;

    use crate::telemetry::capture::Capture;

    let setting = Setting::new();
    let app = setting.with_store(setting.store(1));
    let (capture, _guard) = Capture::start();
    let flood = async || {
        let mut rejected = 0;
        for _ in 0..100 {
            let response = setting.send(&app, &setting.proof().sign()).await;
            rejected += u64::from(response.status == StatusCode::SERVICE_UNAVAILABLE);
        }
        let mut lines = capture.take();
        lines.retain(|line| line.level == Level::ERROR);
        (rejected, lines)
    };
    let (_, first) = flood().await;
    assert!(first[0].text.contains("replay store is full"), "{first:?}");
    assert!(first[0].text.contains("proofs=1"), "{first:?}");
    assert_eq!(first.len(), 1);
    assert_eq!(flood().await.1.len(), 0);
}
