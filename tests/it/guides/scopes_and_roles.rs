//! The code of `docs/scopes-and-roles.md`.

use std::time::{Duration, SystemTime};

use axum::{Router, body::Body, extract::Path, routing::get};
use http::{Method, Request};
use portcullis::{
    Access, AuthenticateLayer, ConfigError, Error, Identity, JwtVerifier, Policies, RequireLayer,
    RequireRoleLayer, RequireScopeLayer, Requirements, Scope, ScopeSet, error::TokenFault,
    identity::Authentication, policies::Persona, testing::fixed_identity,
};

use crate::support::send;

#[test]
fn the_guide_shows_tested_code() {
    let page = include_str!("../../../docs/scopes-and-roles.md");
    super::assert_tested(page, include_str!("scopes_and_roles.rs"));
}

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");

fn routes() -> Router {
    Router::new()
        .route("/orders", get(list).route_layer(RequireScopeLayer::new(READ)))
        .route("/export", get(export).route_layer(RequireScopeLayer::new(READ.and(WRITE))))
        .route("/admin", get(admin).route_layer(RequireRoleLayer::new("admin")))
}

fn keycloak() -> Result<JwtVerifier, ConfigError> {
    JwtVerifier::builder("https://sso.example/realms/acme")
        .audience("https://api.example")
        .scope_claim("permissions")
        .roles("/realm_access/roles")
        .build()
}

fn table() -> Result<Policies, ConfigError> {
    Policies::builder()
        .route(Method::GET, "/orders", READ)
        .route(Method::POST, "/orders", READ.and(WRITE))
        .route(Method::GET, "/orders/{id}", Access::Authenticated)
        .any_method("/admin/{*rest}", Access::role("admin"))
        .any_method("/health", Access::Anonymous)
        .build()
}

fn payments() -> RequireScopeLayer {
    const PAY: Scope = Scope::from_static("pay");
    let recently = Authentication::acr(["urn:example:mfa"]).max_age(Duration::from_secs(300));
    RequireScopeLayer::new(PAY).and(recently)
}

fn tenant() -> RequireLayer {
    RequireLayer::requirements(Requirements::claim("/org/tenant", "acme"))
}

fn employees(verifier: &'static str) -> Result<JwtVerifier, ConfigError> {
    JwtVerifier::builder(verifier)
        .audience("https://api.example")
        .check(|identity| match identity.subject() {
            Some(subject) if subject.ends_with("@acme.example") => Ok(()),
            _ => Err(TokenFault::Rejected.into()),
        })
        .build()
}

async fn show(identity: Identity, Path(owner): Path<String>) -> Result<String, Error> {
    if identity.subject() != Some(&owner) {
        identity.require(Scope::from_static("orders:read:all"))?;
    }
    Ok(format!("orders of {owner}"))
}

async fn list() -> &'static str {
    "orders"
}

async fn export() -> &'static str {
    "a file"
}

async fn admin() -> &'static str {
    "administration"
}

async fn status(app: &Router, path: &str) -> u16 {
    let request = Request::get(path).body(Body::empty()).unwrap();
    send(app, request).await.status.as_u16()
}

fn caller(scopes: &str, roles: &[&str]) -> Identity {
    let identity = Identity::assertion().subject("alice").roles(roles);
    identity.scopes(ScopeSet::from_wire(scopes)).build()
}

#[tokio::test]
async fn guards_accept_what_they_require() {
    assert!(keycloak().is_ok() && employees("https://as.example").is_ok());
    for (scopes, roles, statuses) in [
        ("", &[][..], [403, 403, 403]),
        ("orders:read", &[], [200, 403, 403]),
        ("orders:read orders:write", &[], [200, 200, 403]),
        ("admin", &[], [403, 403, 403]),
        ("", &["admin"], [403, 403, 200]),
    ] {
        let app = routes().layer(fixed_identity(caller(scopes, roles)));
        let mut found = [0; 3];
        for (status, path) in found.iter_mut().zip(["/orders", "/export", "/admin"]) {
            *status = self::status(&app, path).await;
        }
        assert_eq!(found, statuses, "{scopes} {roles:?}");
    }
}

#[tokio::test]
async fn step_up_claims_and_handlers_reject_what_the_guide_says() {
    let now = SystemTime::now();
    let with = |identity: Identity| {
        Router::new()
            .route("/pay", get("paid").route_layer(payments()))
            .route("/tenant", get("in").route_layer(tenant()))
            .route("/of/{owner}", get(show))
            .layer(fixed_identity(identity))
    };
    let weak = with(caller("pay", &[]));
    assert_eq!(status(&weak, "/pay").await, 401);
    assert_eq!(status(&weak, "/tenant").await, 403);
    assert_eq!(status(&weak, "/of/alice").await, 200);
    assert_eq!(status(&weak, "/of/bob").await, 403);

    let strong = Identity::assertion()
        .subject("alice")
        .scopes(ScopeSet::from_wire("pay orders:read:all"))
        .acr("urn:example:mfa")
        .auth_time(now)
        .claims_json(r#"{"org":{"tenant":"acme"}}"#);
    let strong = with(strong.build());
    for path in ["/pay", "/tenant", "/of/bob"] {
        assert_eq!(status(&strong, path).await, 200, "{path}");
    }
}

#[tokio::test]
async fn the_table_covers_the_routes_and_prints_who_may_call_what() {
    let policies = table().unwrap();
    let layer = AuthenticateLayer::bearer(keycloak().unwrap()).policies(policies.clone());
    let app = Router::new().route("/health", get("ok")).route("/orders", get(list)).layer(layer);
    assert_eq!(status(&app, "/health").await, 200);
    assert_eq!(status(&app, "/orders").await, 401);

    let reader = Identity::assertion().scopes(ScopeSet::from_wire("orders:read")).build();
    let matrix = policies.matrix(&[Persona::anonymous(), Persona::new("reader", reader)]);
    assert_eq!(matrix.allows("GET /orders", "reader"), Some(true));
    assert_eq!(matrix.allows("POST /orders", "reader"), Some(false));
    assert_eq!(matrix.allows("unlisted", "reader"), Some(false));

    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let lines: Vec<_> = matrix.to_string().lines().map(words).collect();
    let page = include_str!("../../../docs/scopes-and-roles.md");
    let (_, shown) = page.split_once("```text\n").unwrap();
    for line in shown.split("```").next().unwrap().lines() {
        assert!(lines.contains(&words(line)), "{line}: {matrix}");
    }
}
