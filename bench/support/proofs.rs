//! Requests with a token that is bound to a DPoP key, each with a proof.

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use axum::{Router, body::Body};
use http::{HeaderName, Request, StatusCode, header::AUTHORIZATION};
use portcullis::{
    Algorithm, AuthenticateLayer,
    binding::{Dpop, MemoryReplayStore, Replay, ReplayKey, ReplayStore},
    testing::{DpopClient, TestClock},
};
use tower::ServiceExt;

use super::{fixture::Fixture, issuer::API, services, subject::Subject};

const PROOF: HeaderName = HeaderName::from_static("dpop");

/// How many proofs are signed. Signing others in between would displace what is measured from the caches.
const PROOFS: usize = 256;

/// The layer of the fixture that also verifies proofs, at the time at which they are signed.
pub fn layer(layer: AuthenticateLayer, clock: &TestClock) -> AuthenticateLayer {
    let store = Renamed { store: MemoryReplayStore::new(), used: AtomicU64::new(0) };
    let dpop = Dpop::builder(API).clock(clock.clone()).replay_store(store);
    layer.dpop(dpop.build().expect("a good configuration"))
}

/// Stores each proof under another name, so that it can be sent again.
#[derive(Debug)]
struct Renamed {
    store: MemoryReplayStore,
    used: AtomicU64,
}

impl ReplayStore for Renamed {
    fn insert(&self, key: ReplayKey, expires_at: SystemTime) -> Replay {
        let mut name = *key.as_bytes();
        let number = self.used.fetch_add(1, Ordering::Relaxed);
        for (byte, other) in name.iter_mut().zip(number.to_be_bytes()) {
            *byte ^= other;
        }
        self.store.insert(ReplayKey::from(name), expires_at)
    }
}

/// Requests with one token that the verifier has met before, and with proofs of this algorithm.
pub fn with_proofs(it: &Fixture, authenticate: AuthenticateLayer, algorithm: Algorithm) -> Subject {
    let clock = TestClock::new();
    let client = DpopClient::new(algorithm, clock.clone());
    let token = it.issuer.bound_token(&client.confirmation());
    let layer = layer(authenticate, &clock);
    let app: Router = services::for_identity().layer(layer).with_state(());
    let url = format!("{API}/");
    let proofs: Arc<[String]> =
        (0..PROOFS).map(|_| client.proof("GET", &url, &token).sign()).collect();
    let request = move |n: usize| {
        let request = Request::get("/").header(AUTHORIZATION, format!("DPoP {token}"));
        let request = request.header(PROOF, proofs[n % proofs.len()].as_str());
        request.body(Body::empty()).expect("a valid request")
    };
    for n in 0..PROOFS {
        let answer = it.runtime.block_on(app.clone().oneshot(request(n))).expect("infallible");
        assert_eq!(answer.status(), StatusCode::OK);
    }
    Subject::other(move |range| {
        let app = app.clone();
        let requests: Vec<_> = range.map(&request).collect();
        Box::pin(async move {
            for request in requests {
                drop(black_box(app.clone().oneshot(request).await));
            }
        })
    })
}
