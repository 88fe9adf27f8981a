//! Requests with a token that is bound to a DPoP key, each with a new proof.

use std::hint::black_box;

use axum::{Router, body::Body};
use http::{HeaderName, Request, StatusCode, header::AUTHORIZATION};
use portcullis::{Algorithm, AuthenticateLayer, SystemClock, binding::Dpop, testing::DpopClient};
use tower::ServiceExt;

use super::{fixture::Fixture, issuer::API, services, subject::Subject};

const PROOF: HeaderName = HeaderName::from_static("dpop");

/// The layer of the fixture that also verifies proofs.
pub fn layer(layer: AuthenticateLayer) -> AuthenticateLayer {
    layer.dpop(Dpop::builder(API).build().expect("a good configuration"))
}

/// Requests with one token that the verifier has met before, and with proofs of this algorithm.
pub fn with_proofs(it: &Fixture, layer: AuthenticateLayer, algorithm: Algorithm) -> Subject {
    let client = DpopClient::new(algorithm, SystemClock);
    let token = it.issuer.bound_token(&client.confirmation());
    let app: Router = services::for_identity().layer(layer).with_state(());
    let request = move || {
        let proof = client.proof("GET", &format!("{API}/"), &token).sign();
        let request = Request::get("/").header(AUTHORIZATION, format!("DPoP {token}"));
        request.header(PROOF, proof).body(Body::empty()).expect("a valid request")
    };
    for _ in 0..2 {
        let answer = it.runtime.block_on(app.clone().oneshot(request())).expect("infallible");
        assert_eq!(answer.status(), StatusCode::OK);
    }
    Subject::other(move |range| {
        let app = app.clone();
        // A proof is good once.
        let requests: Vec<_> = range.map(|_| request()).collect();
        Box::pin(async move {
            for request in requests {
                drop(black_box(app.clone().oneshot(request).await));
            }
        })
    })
}
