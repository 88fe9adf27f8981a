//! Guards on routes.

use axum::{Router, body::Body, routing::get};
use http::{Method, Request};
use portcullis::{
    AuthenticateLayer, Error, Identity, Policies, RequireLayer, RequireScopeLayer, Requirements,
    Scope, identity::Authentication, scope::ScopePolicy, testing::TestIssuer,
};
use serde_json::json;

use crate::support::{API, send, with_token};

const READ: Scope = Scope::from_static("read");
const WRITE: Scope = Scope::from_static("write");
const ADMIN: Scope = Scope::from_static("admin");

fn layer(issuer: &TestIssuer) -> AuthenticateLayer {
    AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap())
}

fn get_with(uri: &str, token: &str) -> Request<Body> {
    let mut request = with_token(token);
    *request.uri_mut() = uri.parse().unwrap();
    request
}

#[tokio::test]
async fn each_route_has_its_own_policy() {
    let issuer = TestIssuer::new();
    let guarded = |policy: ScopePolicy| get("in").route_layer(RequireScopeLayer::new(policy));
    let app = Router::new()
        .route("/one", guarded(READ.into()))
        .route("/all", guarded(READ.and(WRITE)))
        .route("/any", guarded(READ.or(ADMIN)))
        .route("/combined", guarded(READ.and(WRITE).or(ADMIN)))
        .route("/both", guarded(READ.or(WRITE).and(ADMIN)))
        .route("/all-of-none", guarded(ScopePolicy::all([])))
        .route("/any-of-none", guarded(ScopePolicy::any([])))
        .route("/open", get("in"))
        .layer(layer(&issuer));
    let paths =
        ["/one", "/all", "/any", "/combined", "/both", "/all-of-none", "/any-of-none", "/open"];
    for (scopes, statuses) in [
        ("", [403, 403, 403, 403, 403, 403, 403, 200]),
        ("read", [200, 403, 200, 403, 403, 403, 403, 200]),
        ("write", [403, 403, 403, 403, 403, 403, 403, 200]),
        ("write read", [200, 200, 200, 200, 403, 403, 403, 200]),
        ("admin", [403, 403, 200, 200, 403, 403, 403, 200]),
        ("admin write", [403, 403, 200, 200, 200, 403, 403, 200]),
        ("reads READ read:all rea", [403, 403, 403, 403, 403, 403, 403, 200]),
    ] {
        let token = issuer.token().audience(API).scope(scopes).mint();
        for (path, status) in paths.into_iter().zip(statuses) {
            let response = send(&app, get_with(path, &token)).await;
            assert_eq!(response.status.as_u16(), status, "{path} with {scopes:?}");
        }
    }
}

#[tokio::test]
async fn each_method_of_a_route_has_its_own_policy() {
    let issuer = TestIssuer::new();
    let app = Router::new()
        .route("/", get("list").route_layer(RequireScopeLayer::new(READ)))
        .route("/", axum::routing::post("created").route_layer(RequireScopeLayer::new(WRITE)))
        .layer(layer(&issuer));
    let token = issuer.token().audience(API).scope("read").mint();
    for (method, status) in [(Method::GET, 200), (Method::HEAD, 200), (Method::POST, 403)] {
        let mut request = with_token(&token);
        *request.method_mut() = method.clone();
        assert_eq!(send(&app, request).await.status.as_u16(), status, "{method}");
    }
}

#[tokio::test]
async fn a_scope_and_any_other_requirement_are_both_required() {
    let issuer = TestIssuer::new();
    let tenant = Requirements::claim("tenant", "acme");
    let guarded = |other: Requirements| {
        let all = Requirements::from(READ).and(other);
        get("in").route_layer(RequireLayer::requirements(all))
    };
    let policies = Policies::builder()
        .route(Method::GET, "/policies", Requirements::from(READ).and(tenant.clone()))
        .build()
        .unwrap();
    let app = Router::new()
        .route("/claim", guarded(tenant.clone()))
        .route("/role", guarded(Requirements::role("auditor")))
        .route("/acr", guarded(Authentication::acr(["gold"]).into()))
        .layer(AuthenticateLayer::bearer(
            issuer.verifier().audience(API).roles("roles").build().unwrap(),
        ));
    let by_policies =
        Router::new().route("/policies", get("in")).layer(layer(&issuer).policies(policies));
    for (claim, value, path) in [
        ("tenant", json!("acme"), "/claim"),
        ("roles", json!(["auditor"]), "/role"),
        ("acr", json!("gold"), "/acr"),
        ("tenant", json!("acme"), "/policies"),
    ] {
        let app = if path == "/policies" { &by_policies } else { &app };
        let token = || issuer.token().audience(API);
        for (token, is_allowed) in [
            (token().scope("read").claim(claim, value.clone()).mint(), true),
            (token().scope("read").mint(), false),
            (token().claim(claim, value.clone()).mint(), false),
        ] {
            let status = send(app, get_with(path, &token)).await.status;
            assert_eq!(status.is_success(), is_allowed, "{path}: {status}");
        }
    }
}

#[tokio::test]
async fn an_expired_token_with_too_little_scope_is_401() {
    let issuer = TestIssuer::new();
    let app = Router::new()
        .route("/", get("in").route_layer(RequireScopeLayer::new(READ)))
        .layer(layer(&issuer));
    let expired = issuer.token().audience(API).claim("exp", json!(1)).mint();
    let response = send(&app, with_token(&expired)).await;
    assert_eq!(response.status, 401);
    assert_eq!(
        response.challenge(),
        Some(
            r#"Bearer realm="restricted", error="invalid_token", error_description="Token expired.""#
        )
    );
}

#[tokio::test]
async fn two_guards_require_both_and_the_outer_rejects_first() {
    let issuer = TestIssuer::new();
    let paid = RequireLayer::new(|identity: &Identity| match identity.subject() {
        Some("bob") => Err(Error::access_denied()),
        _ => Ok(()),
    });
    let app = Router::new()
        .route("/", get(async |identity: Identity| identity.subject().unwrap().to_owned()))
        .layer(paid)
        .layer(RequireScopeLayer::new(WRITE))
        .layer(RequireScopeLayer::new(READ))
        .layer(layer(&issuer));
    for (subject, scopes, status, lacking) in [
        ("alice", "read write", 200, None),
        ("alice", "", 403, Some("read")),
        ("alice", "write", 403, Some("read")),
        ("alice", "read", 403, Some("write")),
        ("bob", "read", 403, Some("write")),
        ("bob", "read write", 403, None),
    ] {
        let token = issuer.token().audience(API).subject(subject).scope(scopes).mint();
        let response = send(&app, with_token(&token)).await;
        assert_eq!(response.status.as_u16(), status, "{subject} {scopes}");
        let error = response.error.as_ref();
        assert_eq!(error.and_then(|error| error.scope()), lacking, "{subject} {scopes}");
    }
}

#[tokio::test]
async fn a_guard_that_reads_claims_chooses_the_error() {
    let issuer = TestIssuer::new();
    let verified = RequireLayer::new(|identity: &Identity| {
        let claims = identity.claims::<serde_json::Value>()?;
        match claims["email_verified"].as_bool() {
            Some(true) => Ok(()),
            Some(false) => Err(Error::access_denied()),
            None => Err(portcullis::error::TokenFault::Claims.into()),
        }
    });
    let app = Router::new().route("/", get("in")).layer(verified).layer(layer(&issuer));
    for (claim, status) in [(json!(true), 200), (json!(false), 403), (json!("true"), 401)] {
        let token = issuer.token().audience(API).claim("email_verified", claim).mint();
        assert_eq!(send(&app, with_token(&token)).await.status.as_u16(), status);
    }
}

#[tokio::test]
async fn head_requests_are_guarded_as_get_is() {
    let issuer = TestIssuer::new();
    let app = Router::new()
        .route("/", get("in").route_layer(RequireScopeLayer::new(READ)))
        .layer(layer(&issuer));
    for (scopes, status) in [("read", 200), ("write", 403)] {
        let mut request = with_token(&issuer.token().audience(API).scope(scopes).mint());
        *request.method_mut() = Method::HEAD;
        let response = send(&app, request).await;
        assert_eq!((response.status.as_u16(), &*response.body), (status, ""));
        assert_eq!(response.challenge().is_some(), status == 403);
    }
}

#[tokio::test]
async fn an_unknown_path_is_401_and_with_a_token_404() {
    let issuer = TestIssuer::new();
    let app = Router::new()
        .route("/", get("in").route_layer(RequireScopeLayer::new(READ)))
        .layer(layer(&issuer));
    let unknown = Request::get("/unknown").body(Body::empty()).unwrap();
    assert_eq!(send(&app, unknown).await.status, 401);
    let token = issuer.token().audience(API).mint();
    let response = send(&app, get_with("/unknown", &token)).await;
    assert_eq!(response.status, 404);
    assert!(response.error.is_none() && response.challenge().is_none());

    let mut request = with_token(&token);
    *request.method_mut() = Method::DELETE;
    assert_eq!(send(&app, request).await.status, 405, "the guard is only on the route's methods");
}
