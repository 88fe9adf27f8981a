//! Published vulnerabilities of other implementations, as tests.

use portcullis::{
    AuthenticateLayer, IntrospectionVerifier, RequireScopeLayer, Scope,
    error::TokenFault,
    testing::{TestClient, TestIssuer},
};
use tokio::task::JoinSet;

use super::{builder_for, endpoint::Endpoint, verify, verify_subject};
use crate::support::{API, send, with_token};

/// With two verifiers and one token, the outcome of one must never be used by the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cve_2026_33496_ghsa_84rm_mhfq_f476_verifiers_share_no_cache() {
    let (yes, no) = (Endpoint::active(), Endpoint::responding_with(r#"{"active":false}"#));
    let trusting = builder_for(&yes).without_audience().build().unwrap();
    let strict = builder_for(&no).without_audience().build().unwrap();
    let mut tasks = JoinSet::new();
    for round in 0..200 {
        let token = format!("alice.{}", round % 20);
        let (trusting, strict, same) = (trusting.clone(), strict.clone(), token.clone());
        tasks.spawn(async move {
            assert_eq!(verify_subject(&trusting, &token).await, Ok("alice".to_owned()));
        });
        tasks.spawn(async move {
            assert_eq!(verify_subject(&strict, &same).await, Err(TokenFault::Inactive.into()));
        });
    }
    while let Some(outcome) = tasks.join_next().await {
        outcome.unwrap();
    }
}

/// The same endpoint may respond differently to different clients.
#[tokio::test]
async fn cve_2026_33496_clients_share_no_cache() {
    let issuer = TestIssuer::new();
    let token = issuer.token().audience(API).mint_opaque();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    assert!(verify(&verifier, &token).await.is_ok());
    let attacker = issuer.introspection().client_secret_basic("attacker", "guess").audience(API);
    let error = verify(&attacker.build().unwrap(), &token).await.unwrap_err();
    assert_eq!(error.status(), 500);
}

/// A cached response includes no decision about the scope of another route.
#[tokio::test]
async fn cve_2021_32701_scope_is_checked_for_each_request() {
    const READ: Scope = Scope::from_static("orders:read");
    const WRITE: Scope = Scope::from_static("orders:write");
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let route =
        |scope| axum::routing::get(async || "done").route_layer(RequireScopeLayer::new(scope));
    let app = axum::Router::new()
        .route("/", route(READ))
        .route("/write", route(WRITE))
        .layer(AuthenticateLayer::bearer(verifier));
    let token = issuer.token().audience(API).scope("orders:read").mint_opaque();
    for _ in 0..3 {
        assert_eq!(send(&app, with_token(&token)).await.status, 200);
        let mut request = with_token(&token);
        *request.uri_mut() = "/write".parse().unwrap();
        let response = send(&app, request).await;
        assert_eq!(response.status, 403);
        assert!(response.challenge().unwrap().contains("orders:write"));
    }
    assert_eq!(issuer.requests_to("/introspect"), 1);
}

/// Tokens that share most of their characters are different tokens.
#[tokio::test]
async fn cve_2026_35039_the_cache_compares_the_whole_token() {
    let endpoint =
        Endpoint::new(|token| (200, format!(r#"{{"active":true,"sub":"user of {token}"}}"#)));
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    let middle = "a".repeat(4000);
    let mut tokens = Vec::new();
    for (first, inner, last) in [("x", "", "z"), ("y", "", "z"), ("x", "", "w"), ("x", "b", "z")] {
        tokens.push(format!("{first}{middle}{inner}{middle}{last}"));
    }
    tokens.extend(["t", "T", "t=", "t==", "tt", "t.", ".t", "t+", "t-"].map(str::to_owned));
    for _ in 0..2 {
        for token in &tokens {
            assert_eq!(verify_subject(&verifier, token).await, Ok(format!("user of {token}")));
        }
    }
    assert_eq!(endpoint.requests(), tokens.len());
}

/// A discovered endpoint belongs to the configured issuer, and so do its tokens.
#[tokio::test]
async fn cve_2026_22748_the_issuer_is_enforced_after_discovery() {
    let metadata = |issuer: &str| {
        format!(r#"{{"issuer":"{issuer}","introspection_endpoint":"https://as.example/i"}}"#)
    };
    for (issuer, token_issuer, status) in [
        ("https://as.example", "https://as.example", None),
        ("https://as.example", "https://evil.example", Some(401)),
        ("https://evil.example", "https://evil.example", Some(503)),
        ("https://as.example/", "https://as.example", Some(503)),
    ] {
        let (document, token_issuer) = (metadata(issuer), token_issuer.to_owned());
        let client = TestClient::new(move |request| {
            let body = match request.uri().path() {
                "/i" => format!(r#"{{"active":true,"iss":"{token_issuer}"}}"#),
                _ => document.clone(),
            };
            async move { Ok(http::Response::new(body.into_bytes())) }
        });
        let verifier = IntrospectionVerifier::discover("https://as.example")
            .client_secret_basic("orders-api", "s3cret")
            .without_audience()
            .http_client(client)
            .build()
            .unwrap();
        let rejected = verify(&verifier, "t").await.err().map(|error| error.status().as_u16());
        assert_eq!(rejected, status, "{issuer}");
    }
}
