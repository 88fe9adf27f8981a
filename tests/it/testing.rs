//! `TestIssuer`.

use portcullis::{Algorithm, error::TokenFault, testing::TestIssuer};
use serde_json::{Value, json};

use crate::support::{API, jws, verify};

fn published(issuer: &TestIssuer) -> Vec<String> {
    let set: Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    let kids = set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap());
    kids.map(str::to_owned).collect()
}

#[tokio::test]
async fn it_publishes_a_key_from_the_start() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    verifier.warm_up().await.unwrap();
    assert_eq!(verifier.readiness().keys(), 1);
    assert!(verify(&verifier, &issuer.token().audience(API).mint()).await.is_ok());
    assert_eq!(issuer.requests_to("/jwks"), 1);
}

#[test]
fn it_publishes_the_chosen_keys_or_else_one_for_es256() {
    let issuer = TestIssuer::new();
    assert_eq!(published(&issuer), ["p256-0"]);
    issuer.rotate_keys(true);
    assert_eq!(published(&issuer), ["p256-1", "p256-0"]);
    issuer.rotate_keys(false);
    assert_eq!(published(&issuer), ["p256-2"]);

    let with_chosen_key = TestIssuer::new();
    with_chosen_key.publish(Algorithm::EdDsa);
    assert_eq!(published(&with_chosen_key), ["ed25519-0"]);

    // A secret is never published.
    let with_secret = TestIssuer::new();
    assert!(!with_secret.token().algorithm(Algorithm::Hs256).mint().is_empty());
    assert_eq!(published(&with_secret), ["p256-0"]);
}

#[tokio::test]
async fn an_unsigned_token_has_alg_none_and_is_rejected() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let token = || issuer.token().audience(API);
    let unsigned = token().mint_unsigned();
    let header: Value = serde_json::from_slice(&jws::decode(jws::parts(&unsigned)[0])).unwrap();
    assert_eq!(header, json!({ "alg": "none", "typ": "at+jwt" }));
    assert!(unsigned.ends_with('.'));
    for (case, token, fault) in [
        ("none", unsigned, TokenFault::Algorithm),
        ("nOnE", token().header("alg", json!("nOnE")).mint_unsigned(), TokenFault::Algorithm),
        ("ES256", token().header("alg", json!("ES256")).mint_unsigned(), TokenFault::Signature),
    ] {
        assert_eq!(verify(&verifier, &token).await.map(drop), Err(fault.into()), "{case}");
    }
}

#[tokio::test]
async fn a_fixed_identity_is_authorized_without_credentials() {
    use axum::{Router, body::Body, routing::get};
    use http::{Method, Request};
    use portcullis::{
        Access, Identity, Policies, RequireRoleLayer, Scope, ScopeSet, testing::fixed_identity,
    };

    let alice = |scopes| {
        let scopes = ScopeSet::from_wire(scopes);
        Identity::assertion().subject("alice").roles(["admin"]).scopes(scopes).build()
    };
    let routes = || {
        let handler = async |identity: Identity| identity.subject().unwrap_or_default().to_owned();
        Router::new()
            .route("/me", get(handler))
            .route("/role", get("in").route_layer(RequireRoleLayer::new("admin")))
            .route("/other", get("in").route_layer(RequireRoleLayer::new("auditor")))
    };
    let app = routes().layer(fixed_identity(alice("")));
    for (path, status) in [("/me", 200), ("/role", 200), ("/other", 403)] {
        for authorization in [None, Some("Bearer of-bob"), Some("Basic !")] {
            let mut request = Request::get(path);
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            let response = crate::support::send(&app, request.body(Body::empty()).unwrap()).await;
            assert_eq!(response.status, status, "{path} {authorization:?}");
            assert!(path != "/me" || response.body == "alice");
        }
    }

    let read = Access::from(Scope::from_static("read"));
    let policies = Policies::builder().route(Method::GET, "/me", read).build().unwrap();
    for (scopes, status) in [("read", 200), ("write", 403)] {
        let app = routes().layer(fixed_identity(alice(scopes)).policies(policies.clone()));
        let request = Request::get("/me").body(Body::empty()).unwrap();
        assert_eq!(crate::support::send(&app, request).await.status, status);
    }
}
