//! DPoP (RFC 9449), with a router and a request.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{Router, body::Body, routing::any};
use http::{HeaderValue, Request, StatusCode, header::AUTHORIZATION};
use portcullis::{
    Access, Algorithm, AuthenticateLayer, Error, ErrorKind, Identity, Policies, Scope,
    binding::{Dpop, DpopBuilder, Replay, ReplayKey, ReplayStore},
    error::{DpopFault, RequestFault, TokenFault},
    testing::{DpopClient, ProofBuilder, TestClock, TestIssuer},
};
use serde_json::{Value, json};

use crate::support::{API, TestResponse, issuer_with, send};

const URL: &str = "https://api.example/orders";
const SECRET: &str = "a secret of 32 bytes, and not one fewer";

/// An issuer, a client, a token that is bound to the client's key, and a service.
struct Setting {
    issuer: TestIssuer,
    client: DpopClient,
    token: String,
    app: Router,
}

fn dpop(issuer: &TestIssuer) -> DpopBuilder {
    Dpop::builder("https://api.example").clock(issuer.clock())
}

fn app(issuer: &TestIssuer, layer: impl FnOnce(AuthenticateLayer) -> AuthenticateLayer) -> Router {
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let whoami = async |identity: Identity| identity.subject().unwrap_or_default().to_owned();
    Router::new().fallback(any(whoami)).layer(layer(AuthenticateLayer::bearer(verifier)))
}

impl Setting {
    fn new() -> Self {
        Self::with(|dpop| dpop)
    }

    fn with(configure: impl FnOnce(DpopBuilder) -> DpopBuilder) -> Self {
        let issuer = issuer_with([Algorithm::Es256]);
        let client = DpopClient::new(Algorithm::Es256, issuer.clock());
        let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();
        let dpop = configure(dpop(&issuer)).build().unwrap();
        let app = app(&issuer, |layer| layer.dpop(dpop));
        Self { issuer, client, token, app }
    }

    fn proof(&self) -> ProofBuilder {
        self.client.proof("GET", URL, &self.token)
    }

    async fn send(&self, proof: &str) -> TestResponse {
        send(&self.app, request(&self.token, &[proof])).await
    }

    async fn kind(&self, proof: &str) -> Option<ErrorKind> {
        self.send(proof).await.kind()
    }
}

fn request(token: &str, proofs: &[&str]) -> Request<Body> {
    let mut request = Request::get(URL).header(AUTHORIZATION, format!("DPoP {token}"));
    for proof in proofs {
        request = request.header("dpop", *proof);
    }
    request.body(Body::empty()).unwrap()
}

/// The public key in the header of a proof.
fn jwk_of(proof: &str) -> Value {
    let header = proof.split('.').next().unwrap();
    let header = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(header).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["jwk"].take()
}

// Verifies rfc9700-2.2.1-sender.
#[tokio::test]
async fn a_bound_token_is_accepted_with_a_new_proof_each_time() {
    let setting = Setting::new();
    for _ in 0..3 {
        let response = setting.send(&setting.proof().sign()).await;
        assert_eq!((response.status, &*response.body), (StatusCode::OK, "alice"));
        assert_eq!(response.headers.get("dpop-nonce"), None);
    }
}

/// The first request waits for keys, and the second finds the token in the cache.
#[tokio::test]
async fn a_proof_names_the_token_however_the_header_is_spelled() {
    for (before, after) in [("DPoP ", ""), ("DPoP  ", ""), ("DPoP ", " "), ("dpop ", "\t")] {
        let setting = Setting::new();
        for _ in 0..2 {
            let line = format!("{before}{}{after}", setting.token);
            let request = Request::get(URL).header(AUTHORIZATION, &line);
            let request = request.header("dpop", setting.proof().sign());
            let response = send(&setting.app, request.body(Body::empty()).unwrap()).await;
            assert_eq!(response.status, StatusCode::OK, "{line:?}: {:?}", response.kind());
        }
    }
}

// Verifies rfc9449-4.2-alg, rfc9449-4.2-private, rfc9449-4.2-claims, rfc9449-4.3-one-header,
// Verifies rfc9449-4.3-well-formed, rfc9449-4.3-typ, rfc9449-4.3-alg, rfc9449-4.3-signature,
// Verifies rfc9449-4.3-htm, rfc9449-4.3-htu, rfc9449-4.3-nonce, rfc9449-4.3-time, rfc9449-4.3-ath,
// Verifies rfc9449-4.3-key, rfc9449-7-both, rfc9449-7.1-grant, rfc9449-8-mismatch,
// Verifies rfc9449-11.3-downgrade.
#[tokio::test]
async fn each_check_of_section_4_3_rejects() {
    let setting = Setting::new();
    let proof = || setting.proof();
    let other = DpopClient::new(Algorithm::Es256, setting.issuer.clock());
    let now = portcullis::Clock::now(&setting.issuer.clock());
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let mut private = jwk_of(&proof().sign());
    assert_eq!(setting.kind(&proof().header("jwk", private.clone()).sign()).await, None);
    private["d"] = private["x"].clone();
    let cases: Vec<(&str, String, ErrorKind)> = vec![
        ("2: a well-formed JWT", "a.b".to_owned(), DpopFault::Malformed.into()),
        ("2: not an empty header", String::new(), DpopFault::Malformed.into()),
        ("3: has a jti", proof().without_claim("jti").sign(), DpopFault::Claims.into()),
        ("3: has an htm", proof().without_claim("htm").sign(), DpopFault::Claims.into()),
        ("3: has an htu", proof().without_claim("htu").sign(), DpopFault::Claims.into()),
        ("3: has an iat", proof().without_claim("iat").sign(), DpopFault::Claims.into()),
        ("3: has a jwk", proof().without_header("jwk").sign(), DpopFault::Key.into()),
        ("4: typ", proof().header("typ", json!("JWT")).sign(), DpopFault::Type.into()),
        ("4: typ", proof().without_header("typ").sign(), DpopFault::Type.into()),
        ("5: alg", proof().header("alg", json!("none")).sign(), DpopFault::Algorithm.into()),
        ("5: alg", proof().header("alg", json!("HS256")).sign(), DpopFault::Algorithm.into()),
        ("6: signature", proof().sign_with(&other), DpopFault::Signature.into()),
        ("7: a public key", proof().header("jwk", private).sign(), DpopFault::Key.into()),
        ("8: htm", proof().claim("htm", json!("POST")).sign(), DpopFault::Method.into()),
        ("8: htm", proof().claim("htm", json!("get")).sign(), DpopFault::Method.into()),
        (
            "9: htu",
            proof().claim("htu", json!("https://other.example/orders")).sign(),
            DpopFault::Url.into(),
        ),
        ("9: htu", proof().claim("htu", json!(format!("{URL}/7"))).sign(), DpopFault::Url.into()),
        ("11: iat", proof().claim("iat", json!(7)).sign(), DpopFault::Time.into()),
        ("11: iat", proof().claim("iat", json!(now + 6)).sign(), DpopFault::Time.into()),
        ("11: iat", proof().claim("iat", json!(now - 60)).sign(), DpopFault::Time.into()),
        ("12: ath", proof().without_claim("ath").sign(), DpopFault::TokenHash.into()),
        ("12: ath", proof().claim("ath", json!("AA")).sign(), DpopFault::TokenHash.into()),
        (
            "12: the key of the token",
            other.proof("GET", URL, &setting.token).sign(),
            TokenFault::Binding.into(),
        ),
    ];
    for (check, proof, expected) in cases {
        let response = setting.send(&proof).await;
        assert_eq!(response.kind(), Some(expected), "{check}");
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{check}");
    }
    // 1: not more than one header.
    let [first, second] = [proof().sign(), proof().sign()];
    for request in [
        request(&setting.token, &[&first, &second]),
        request(&setting.token, &[&format!("{first}, {second}")]),
    ] {
        let response = send(&setting.app, request).await;
        assert_eq!(response.kind(), Some(RequestFault::Repeated.into()));
        assert_eq!(response.status, StatusCode::BAD_REQUEST);
    }
    // And none at all.
    let response = send(&setting.app, request(&setting.token, &[])).await;
    assert_eq!(response.kind(), Some(DpopFault::Missing.into()));
    // 10: the nonce that the service supplied, if it did.
    let setting = Setting::with(|dpop| dpop.nonces(SECRET));
    let elsewhere = Setting::with(|dpop| dpop.nonces("another secret of another service, as long"));
    let supplied = async |setting: &Setting| {
        let response = setting.send(&setting.proof().sign()).await;
        response.headers["dpop-nonce"].to_str().unwrap().to_owned()
    };
    let (nonce, other) = (supplied(&setting).await, supplied(&elsewhere).await);
    for (check, proof, expected) in [
        ("10: has a nonce", setting.proof().sign(), Some(ErrorKind::UseDpopNonce)),
        ("10: a nonce", setting.proof().nonce("a").sign(), Some(ErrorKind::UseDpopNonce)),
        ("10: its nonce", setting.proof().nonce(&other).sign(), Some(ErrorKind::UseDpopNonce)),
        (
            "10: a text",
            setting.proof().claim("nonce", json!(7)).sign(),
            Some(DpopFault::Claims.into()),
        ),
        ("10", setting.proof().nonce(&nonce).sign(), None),
    ] {
        assert_eq!(setting.kind(&proof).await, expected, "{check}");
    }
}

// Verifies rfc9701-8.1-replay, rfc9449-11.1-replay.
#[tokio::test]
async fn a_proof_is_accepted_once() {
    let setting = Setting::new();
    let proof = setting.proof().sign();
    assert_eq!(setting.kind(&proof).await, None);
    assert_eq!(setting.kind(&proof).await, Some(DpopFault::Replayed.into()));
    // A `jti` counts per key, whatever the URL is.
    let again = setting.proof().claim("jti", json!("same"));
    assert_eq!(setting.kind(&again.clone().sign()).await, None);
    let elsewhere = again.claim("htu", json!("https://API.example:443/orders?x=1")).sign();
    assert_eq!(setting.kind(&elsewhere).await, Some(DpopFault::Replayed.into()));
}

// Verifies rfc9449-4.3-time.
#[tokio::test]
async fn a_proof_is_stored_as_long_as_it_is_accepted() {
    let setting = Setting::new();
    let proof = setting.proof().sign();
    assert_eq!(setting.kind(&proof).await, None);
    setting.issuer.clock().advance(Duration::from_secs(59));
    assert_eq!(setting.kind(&proof).await, Some(DpopFault::Replayed.into()));
    setting.issuer.clock().advance(Duration::from_secs(1));
    assert_eq!(setting.kind(&proof).await, Some(DpopFault::Time.into()));
}

// Verifies rfc9449-7-both.
#[tokio::test]
async fn schemes_and_bindings_must_agree() {
    let setting = Setting::new();
    let unbound = setting.issuer.token().audience(API).mint();
    let proof = |token: &str| setting.client.proof("GET", URL, token).sign();
    let with = |scheme: &str, token: &str, has_proof: bool| {
        let request = Request::get(URL).header(AUTHORIZATION, format!("{scheme} {token}"));
        let request = if has_proof { request.header("dpop", proof(token)) } else { request };
        request.body(Body::empty()).unwrap()
    };
    let binding = Some(ErrorKind::from(TokenFault::Binding));
    let repeated = Some(ErrorKind::from(RequestFault::Repeated));
    for (name, request, expected) in [
        ("unbound as Bearer", with("Bearer", &unbound, false), None),
        ("bound as Bearer", with("Bearer", &setting.token, false), binding),
        ("unbound as DPoP", with("DPoP", &unbound, true), binding),
        ("bound as DPoP", with("DPoP", &setting.token, true), None),
        ("bound as dpop", with("dpop", &setting.token, true), None),
        ("bound as Bearer with a proof", with("Bearer", &setting.token, true), repeated),
        ("unbound as Bearer with a proof", with("Bearer", &unbound, true), repeated),
    ] {
        assert_eq!(send(&setting.app, request).await.kind(), expected, "{name}");
    }
}

#[tokio::test]
async fn a_token_bound_to_more_than_the_key_is_rejected() {
    let setting = Setting::new();
    for (name, value) in [("x5t#S256", json!("A".repeat(43))), ("kid", json!("a"))] {
        let mut confirmation = setting.client.confirmation();
        confirmation[name] = value;
        let token = setting.issuer.token().audience(API).claim("cnf", confirmation).mint();
        let proof = setting.client.proof("GET", URL, &token).sign();
        let response = send(&setting.app, request(&token, &[&proof])).await;
        assert_eq!(response.kind(), Some(TokenFault::Binding.into()), "{name}");
    }
}

#[tokio::test]
async fn a_required_proof_leaves_nothing_to_bearer() {
    let setting = Setting::with(DpopBuilder::required);
    let unbound = setting.issuer.token().audience(API).mint();
    let bearer = Request::get(URL).header(AUTHORIZATION, format!("Bearer {unbound}"));
    let response = send(&setting.app, bearer.body(Body::empty()).unwrap()).await;
    assert_eq!(response.kind(), Some(ErrorKind::MissingCredentials));
    let challenge = response.challenge().unwrap();
    assert!(challenge.starts_with("DPoP ") && !challenge.contains("error"), "{challenge}");
    assert_eq!(setting.kind(&setting.proof().sign()).await, None);

    // A place without a scheme is one for Bearer.
    let dpop = dpop(&setting.issuer).required().build().unwrap();
    let app = app(&setting.issuer, |layer| layer.dpop(dpop).query_parameter());
    for token in [&unbound, &setting.token] {
        let request = Request::get(format!("{URL}?access_token={token}"));
        let response = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.kind(), Some(TokenFault::Binding.into()));
    }
}

// Verifies rfc9449-7.1-error, rfc9449-7.1-algs, rfc9449-7.2-bare, rfc9449-7.2-used-scheme.
#[tokio::test]
async fn challenges_name_both_schemes_and_the_algorithms() {
    let issuer = issuer_with([Algorithm::Es256]);
    let dpop = dpop(&issuer).algorithms([Algorithm::Es256, Algorithm::EdDsa]).build().unwrap();
    let app = app(&issuer, |layer| layer.dpop(dpop).realm("orders"));
    let client = DpopClient::new(Algorithm::Es256, issuer.clock());
    let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();

    let challenges = async |request| -> Vec<String> {
        let response = send(&app, request).await;
        let lines = response.headers.get_all("www-authenticate").iter();
        lines.map(|line| line.to_str().unwrap().to_owned()).collect()
    };
    let bearer = r#"Bearer realm="orders""#;
    let dpop = r#"DPoP realm="orders", algs="EdDSA ES256""#;
    let missing = Request::get(URL).body(Body::empty()).unwrap();
    assert_eq!(challenges(missing).await, [bearer, dpop]);
    let without_proof = challenges(request(&token, &[])).await;
    let error = r#", error="invalid_dpop_proof", error_description="DPoP proof missing.""#;
    assert_eq!(without_proof, [bearer.to_owned(), format!("{dpop}{error}")]);
}

// Verifies rfc9449-4.3-alg.
#[tokio::test]
async fn proofs_have_any_asymmetric_algorithm_that_is_configured() {
    let issuer = issuer_with([Algorithm::Es256]);
    for algorithm in
        [Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Ps256]
    {
        let client = DpopClient::new(algorithm, issuer.clock());
        let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();
        for (allowed, expected) in
            [(algorithm, None), (Algorithm::Es256, Some(ErrorKind::from(DpopFault::Algorithm)))]
        {
            let dpop = dpop(&issuer).algorithms([allowed]).build().unwrap();
            let app = app(&issuer, |layer| layer.dpop(dpop));
            let proof = client.proof("GET", URL, &token).sign();
            let response = send(&app, request(&token, &[&proof])).await;
            assert_eq!(response.kind(), expected, "{algorithm}");
        }
    }
}

// Verifies rfc9449-8.2-uncacheable.
#[tokio::test]
async fn nonces_are_supplied_in_challenges_and_renewed_in_time() {
    let setting = Setting::with(|dpop| dpop.nonces(SECRET));
    let nonce_of = |response: &TestResponse| -> Option<String> {
        Some(response.headers.get("dpop-nonce")?.to_str().unwrap().to_owned())
    };
    let first = setting.send(&setting.proof().sign()).await;
    assert_eq!(first.kind(), Some(ErrorKind::UseDpopNonce));
    assert_eq!(first.status, StatusCode::UNAUTHORIZED);
    let challenge = first.headers.get_all("www-authenticate").iter().nth(1).unwrap();
    assert!(challenge.to_str().unwrap().contains(r#"error="use_dpop_nonce""#), "{challenge:?}");
    let nonce = nonce_of(&first).unwrap();

    // With a nonce, `iat` isn't needed to be current.
    let with_nonce = |nonce: &str| setting.proof().nonce(nonce).claim("iat", json!(7)).sign();
    let accepted = setting.send(&with_nonce(&nonce)).await;
    assert_eq!((accepted.kind(), nonce_of(&accepted)), (None, None));

    // Past half of its lifetime, a response supplies the next one, and both are accepted.
    setting.issuer.clock().advance(Duration::from_secs(150));
    let token = setting.issuer.token().audience(API).claim("cnf", setting.client.confirmation());
    let token = token.mint();
    let proof = |nonce: &str| setting.client.proof("GET", URL, &token).nonce(nonce).sign();
    let renewing = send(&setting.app, request(&token, &[&proof(&nonce)])).await;
    assert_eq!(renewing.kind(), None);
    let next = nonce_of(&renewing).unwrap();
    // No cache may respond with it later.
    for response in [&first, &renewing] {
        assert_eq!(response.headers["cache-control"], "no-store");
    }
    assert_eq!(accepted.headers.get("cache-control"), None);
    assert_ne!(next, nonce);
    for nonce in [&nonce, &next] {
        let response = send(&setting.app, request(&token, &[&proof(nonce)])).await;
        assert_eq!(response.kind(), None);
    }
    setting.issuer.clock().advance(Duration::from_secs(150));
    let response = send(&setting.app, request(&token, &[&proof(&nonce)])).await;
    assert_eq!(response.kind(), Some(ErrorKind::UseDpopNonce));
    // A challenge without credentials supplies one too.
    let missing = Request::get(URL).body(Body::empty()).unwrap();
    assert!(nonce_of(&send(&setting.app, missing).await).is_some());
}

/// A store that needs I/O, and can be out of order.
#[derive(Debug, Default)]
struct Slow {
    stored: Arc<Mutex<Vec<(ReplayKey, SystemTime)>>>,
    is_down: bool,
}

impl ReplayStore for Slow {
    fn insert(&self, key: ReplayKey, expires_at: SystemTime) -> Replay {
        let (stored, is_down) = (Arc::clone(&self.stored), self.is_down);
        Replay::pending(async move {
            tokio::task::yield_now().await;
            if is_down {
                return Err(Error::unavailable("the store is down"));
            }
            let mut stored = stored.lock().unwrap();
            let is_new = stored.iter().all(|(known, _)| *known != key);
            stored.push((key, expires_at));
            Ok(is_new)
        })
    }
}

#[tokio::test]
async fn a_store_may_need_io() {
    let store = Slow::default();
    let stored = Arc::clone(&store.stored);
    let setting = Setting::with(|dpop| dpop.replay_store(store));
    let proof = setting.proof().sign();
    let response = setting.send(&proof).await;
    assert_eq!((response.kind(), &*response.body), (None, "alice"));
    assert_eq!(setting.kind(&proof).await, Some(DpopFault::Replayed.into()));
    // It is stored for as long as its `iat` is accepted.
    let expires_at = stored.lock().unwrap()[0].1;
    let clock: TestClock = setting.issuer.clock();
    assert_eq!(expires_at, portcullis::Clock::now(&clock) + Duration::from_secs(60));
}

#[tokio::test]
async fn nothing_is_accepted_while_the_store_is_down() {
    let store = Slow { is_down: true, ..Slow::default() };
    let setting = Setting::with(|dpop| dpop.replay_store(store));
    let response = setting.send(&setting.proof().sign()).await;
    assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers.get("www-authenticate"), None);
}

#[tokio::test]
async fn policies_follow_the_proof() {
    let issuer = issuer_with([Algorithm::Es256]);
    for store in [Slow::default(), Slow { is_down: true, ..Slow::default() }] {
        let is_down = store.is_down;
        let policies = Policies::builder()
            .any_method("/orders", Scope::from_static("orders:read"))
            .any_method("/open", Access::Authenticated)
            .build()
            .unwrap();
        let dpop = dpop(&issuer).replay_store(store).build().unwrap();
        let app = app(&issuer, |layer| layer.dpop(dpop).policies(policies));
        let client = DpopClient::new(Algorithm::Es256, issuer.clock());
        let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();
        let proof = client.proof("GET", URL, &token).sign();
        let response = send(&app, request(&token, &[&proof])).await;
        assert_eq!(response.kind(), Some(ErrorKind::InsufficientScope), "{is_down}");
        let response = send(&app, request(&token, &[&proof[1..]])).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{is_down}");
    }
}

// Verifies rfc9449-6.2-token-type.
#[tokio::test]
async fn introspected_tokens_are_bound_alike() {
    let issuer = TestIssuer::new();
    let client = DpopClient::new(Algorithm::Es256, issuer.clock());
    let token = issuer.token().audience(API).claim("cnf", client.confirmation());
    let token = token.claim("token_type", json!("DPoP")).mint_opaque();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let whoami = async |identity: Identity| identity.subject().unwrap_or_default().to_owned();
    let layer = AuthenticateLayer::bearer(verifier).dpop(dpop(&issuer).build().unwrap());
    let app = Router::new().fallback(any(whoami)).layer(layer);
    for _ in 0..2 {
        let proof = client.proof("GET", URL, &token).sign();
        let response = send(&app, request(&token, &[&proof])).await;
        assert_eq!((response.kind(), &*response.body), (None, "alice"));
        let other = DpopClient::new(Algorithm::Es256, issuer.clock());
        let stolen = other.proof("GET", URL, &token).sign();
        let response = send(&app, request(&token, &[&stolen])).await;
        assert_eq!(response.kind(), Some(TokenFault::Binding.into()));
    }
}

#[tokio::test]
async fn the_path_is_that_of_the_client_in_a_nested_router() {
    let issuer = issuer_with([Algorithm::Es256]);
    let inner = app(&issuer, |layer| layer.dpop(dpop(&issuer).build().unwrap()));
    let app = Router::new().nest("/v1", inner);
    let client = DpopClient::new(Algorithm::Es256, issuer.clock());
    let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();
    let url = "https://api.example/v1/orders";
    let mut request = Request::get(url).body(Body::empty()).unwrap();
    client.authorize(&mut request, &token);
    assert_eq!(send(&app, request).await.status, StatusCode::OK);
}

// Verifies rfc9449-11.1-large-jti.
#[tokio::test]
async fn a_proof_of_16_kib_is_read_and_a_longer_one_is_not() {
    let setting = Setting::new();
    let long = setting.proof().claim("filler", json!("a".repeat(13_000))).sign();
    assert_eq!(setting.kind(&long).await, Some(DpopFault::Malformed.into()));
    let short = setting.proof().claim("filler", json!("a".repeat(11_000))).sign();
    assert_eq!(setting.kind(&short).await, None);
}

#[tokio::test]
async fn any_bytes_as_a_proof_are_rejected() {
    let setting = Setting::new();
    for bytes in [&b"\xff\xfe"[..], b"...", b"e30.e30.", b"e30.e30.AA", b"\"a\"", b"=.=.="] {
        let mut request = request(&setting.token, &[]);
        request.headers_mut().insert("dpop", HeaderValue::from_bytes(bytes).unwrap());
        let response = send(&setting.app, request).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{bytes:?}");
    }
}
