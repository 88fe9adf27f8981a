//! DPoP proofs that are signed with ML-DSA (RFC 9449, RFC 9964).

use axum::{Router, body::Body, routing::any};
use http::{Request, header::AUTHORIZATION};
use portcullis::{
    Algorithm, AuthenticateLayer, ErrorKind, Identity,
    binding::{Dpop, DpopBuilder},
    error::{DpopFault, TokenFault},
    testing::{DpopClient, TestIssuer},
};
use serde_json::{Value, json};

use crate::support::{API, TestResponse, issuer_with, jws, send};

const URL: &str = "https://api.example/orders";
const ML_DSA: [Algorithm; 3] = [Algorithm::MlDsa44, Algorithm::MlDsa65, Algorithm::MlDsa87];

/// A service that accepts bound tokens.
fn app(issuer: &TestIssuer, configure: impl FnOnce(DpopBuilder) -> DpopBuilder) -> Router {
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let dpop = Dpop::builder("https://api.example").clock(issuer.clock());
    let layer = AuthenticateLayer::bearer(verifier).dpop(configure(dpop).build().unwrap());
    let whoami = async |identity: Identity| identity.subject().unwrap_or_default().to_owned();
    Router::new().fallback(any(whoami)).layer(layer)
}

async fn send_proof(app: &Router, token: &str, proof: &str) -> TestResponse {
    let request = Request::get(URL).header(AUTHORIZATION, format!("DPoP {token}"));
    send(app, request.header("dpop", proof).body(Body::empty()).unwrap()).await
}

/// A client, and a token that is bound to its key. Both are signed with this algorithm.
fn client(issuer: &TestIssuer, algorithm: Algorithm) -> (DpopClient, String) {
    let client = DpopClient::new(algorithm, issuer.clock());
    let token = issuer.token().algorithm(algorithm).audience(API);
    let token = token.claim("cnf", client.confirmation()).mint();
    (client, token)
}

fn jwk_of(proof: &str) -> Value {
    let header = jws::decode(proof.split('.').next().unwrap());
    serde_json::from_slice::<Value>(&header).unwrap()["jwk"].take()
}

#[tokio::test]
async fn a_proof_with_ml_dsa_is_accepted_where_it_is_configured() {
    let issuer = issuer_with(ML_DSA);
    let by_default = app(&issuer, |dpop| dpop);
    let configured = app(&issuer, |dpop| dpop.algorithms(ML_DSA));
    for (algorithm, len) in ML_DSA.into_iter().zip([5_800, 8_100, 11_000]) {
        let (client, token) = client(&issuer, algorithm);
        let proof = client.proof("GET", URL, &token).sign();
        assert!((len..len + 200).contains(&proof.len()), "{algorithm}: {} bytes", proof.len());
        let response = send_proof(&configured, &token, &proof).await;
        assert_eq!((response.status.as_u16(), &*response.body), (200, "alice"), "{algorithm}");

        let replayed = send_proof(&configured, &token, &proof).await;
        assert_eq!(replayed.kind(), Some(ErrorKind::InvalidDpopProof(DpopFault::Replayed)));

        let rejected = send_proof(&by_default, &token, &proof).await;
        assert_eq!(rejected.status, 401, "{algorithm}");
        assert_eq!(rejected.kind(), Some(ErrorKind::InvalidDpopProof(DpopFault::Algorithm)));
    }
}

#[tokio::test]
async fn challenges_name_ml_dsa_only_where_it_is_configured() {
    let issuer = issuer_with(ML_DSA);
    let (_, token) = client(&issuer, Algorithm::MlDsa44);
    let algs = async |app: &Router| {
        let response = send_proof(app, &token, "no proof").await;
        let challenges = response.headers.get_all("www-authenticate").iter();
        let mut challenges = challenges.map(|line| line.to_str().unwrap().to_owned());
        let dpop = challenges.find(|line| line.starts_with("DPoP")).unwrap();
        let (_, algs) = dpop.split_once("algs=\"").unwrap();
        algs.split_once('"').unwrap().0.to_owned()
    };
    let expected = "EdDSA ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512";
    assert_eq!(algs(&app(&issuer, |dpop| dpop)).await, expected);
    let configured = app(&issuer, |dpop| dpop.algorithms([Algorithm::MlDsa65, Algorithm::Es256]));
    assert_eq!(algs(&configured).await, "ES256 ML-DSA-65");
}

// Verifies rfc9964-3-priv, rfc9964-3-alg, rfc9964-3-pub.
#[tokio::test]
async fn the_key_of_a_proof_is_public_complete_and_that_of_the_token() {
    let issuer = issuer_with(ML_DSA);
    let app = app(&issuer, |dpop| dpop.algorithms(ML_DSA));
    let (client, token) = client(&issuer, Algorithm::MlDsa44);
    let proof = || client.proof("GET", URL, &token);
    let jwk = jwk_of(&proof().sign());
    assert_eq!((&jwk["kty"], &jwk["alg"]), (&json!("AKP"), &json!("ML-DSA-44")));
    let with = |name: &str, value: Value| {
        let mut jwk = jwk.clone();
        match value {
            Value::Null => drop(jwk.as_object_mut().unwrap().remove(name)),
            value => jwk[name] = value,
        }
        proof().header("jwk", jwk).sign()
    };
    let malformed = ErrorKind::InvalidDpopProof(DpopFault::Key);
    let other_key = ErrorKind::InvalidToken(TokenFault::Binding);
    for (name, value, expected) in [
        ("priv", json!(jws::encode([0; 32])), malformed),
        ("alg", Value::Null, malformed),
        ("alg", json!(44), malformed),
        ("alg", json!("ES256"), malformed),
        ("pub", Value::Null, malformed),
        ("pub", json!(1312), malformed),
        // The thumbprint is of `alg`, `kty` and `pub` (RFC 9964 §6), so these are other keys.
        ("alg", json!("ML-DSA-65"), other_key),
        ("pub", json!(jws::encode([7; 1312])), other_key),
    ] {
        let response = send_proof(&app, &token, &with(name, value.clone())).await;
        assert_eq!(response.kind(), Some(expected), "{name}: {value}");
    }
    // A member that the thumbprint doesn't include may be there.
    assert_eq!(send_proof(&app, &token, &with("kid", json!("k"))).await.status, 200);

    let other = proof().header("alg", json!("ML-DSA-65")).sign();
    let kind = send_proof(&app, &token, &other).await.kind();
    assert_eq!(kind, Some(ErrorKind::InvalidDpopProof(DpopFault::Signature)));
    let forged = proof().sign_with(&DpopClient::new(Algorithm::MlDsa44, issuer.clock()));
    let kind = send_proof(&app, &token, &forged).await.kind();
    assert_eq!(kind, Some(ErrorKind::InvalidDpopProof(DpopFault::Signature)));
}

#[tokio::test]
async fn alg_in_the_key_of_another_type_is_ignored_as_before() {
    let issuer = issuer_with([Algorithm::Es256]);
    let app = app(&issuer, |dpop| dpop);
    let (client, token) = client(&issuer, Algorithm::Es256);
    for alg in [json!("ES256"), json!("ML-DSA-44"), json!(1), json!(null)] {
        let proof = client.proof("GET", URL, &token);
        let mut jwk = jwk_of(&client.proof("GET", URL, &token).sign());
        jwk["alg"] = alg;
        let proof = proof.header("jwk", jwk).sign();
        assert_eq!(send_proof(&app, &token, &proof).await.status, 200);
    }
}
