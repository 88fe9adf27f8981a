//! The code of `docs/multiple-issuers.md`.

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{
    AuthenticateLayer, ConfigError, Error, Identity, IntrospectionVerifier, Issuers, JwtVerifier,
    OwnTokenVerifier,
    issuers::{IssuersHandle, Tenant},
    own_tokens::{MemoryTokenStore, OwnTokenFormat},
    testing::TestIssuer,
};

use crate::support::send;

#[test]
fn the_guide_shows_tested_code() {
    let page = include_str!("../../../docs/multiple-issuers.md");
    super::assert_tested(page, include_str!("multiple_issuers.rs"));
}

const API: &str = "https://api.example";

fn two() -> Result<AuthenticateLayer, ConfigError> {
    let issuers = Issuers::builder()
        .trust(JwtVerifier::builder("https://login.example").audience(API).build()?)
        .trust(JwtVerifier::builder("https://partner.example").audience("orders").build()?)
        .build()?;
    Ok(AuthenticateLayer::bearer(issuers))
}

fn mixed() -> Result<Issuers, ConfigError> {
    let jwts = JwtVerifier::builder("https://login.example").audience(API).build()?;
    let introspection = IntrospectionVerifier::discover("https://login.example")
        .client_secret_basic("orders-api", "s3cret")
        .audience(API)
        .build()?;
    let format = OwnTokenFormat::new("acme_pat")?;
    let own = OwnTokenVerifier::builder(format.clone(), MemoryTokenStore::new()).build()?;
    Issuers::builder()
        .trust(jwts) // JWTs whose `iss` is `https://login.example`
        .prefix(format.prefix(), own) // tokens that begin with `acme_pat`
        .opaque(introspection) // all other tokens
        .build()
}

async fn verifier_of(tenant: Tenant) -> Result<Option<JwtVerifier>, Error> {
    let customers = ["acme", "globex"]; // usually a query of your database
    if !customers.contains(&tenant.name()) {
        return Ok(None);
    }
    let verifier = JwtVerifier::builder(tenant.issuer()).audience(API).build();
    verifier.map(Some).map_err(Error::misconfigured)
}

fn tenants() -> Result<Issuers, ConfigError> {
    Issuers::builder().tenants("https://login.example/{tenant}/v2.0", verifier_of).build()
}

fn change(handle: &IssuersHandle, new: JwtVerifier) -> Result<(), ConfigError> {
    handle.update(|issuers| issuers.trust(new).distrust("https://partner.example"))
}

async fn account(identity: Identity) -> String {
    // `sub` is unique within one issuer only.
    format!("{} {}", identity.issuer().unwrap_or_default(), identity.subject().unwrap_or_default())
}

async fn call(app: &Router, token: &str) -> (u16, String) {
    let request = Request::get("/").header("authorization", format!("Bearer {token}"));
    let response = send(app, request.body(Body::empty()).unwrap()).await;
    (response.status.as_u16(), response.body)
}

#[tokio::test]
async fn each_token_is_verified_by_its_issuer_and_trust_can_change() {
    assert!(two().is_ok() && mixed().is_ok() && tenants().is_ok());

    let [login, partner, new] =
        ["https://login.example", "https://partner.example", "https://new.example"]
            .map(TestIssuer::named);
    let verifier = |issuer: &TestIssuer| issuer.verifier().audience(API).build().unwrap();
    let issuers = Issuers::builder().trust(verifier(&login)).trust(verifier(&partner));
    let handle = IssuersHandle::new(issuers.build().unwrap());
    let app = Router::new().route("/", get(account));
    let app = app.layer(AuthenticateLayer::bearer(handle.clone()));
    let token = |issuer: &TestIssuer| issuer.token().audience(API).subject("alice").mint();

    let accepted = (200, "https://partner.example alice".to_owned());
    assert_eq!(call(&app, &token(&partner)).await, accepted);
    assert_eq!(call(&app, &token(&new)).await.0, 401);
    change(&handle, verifier(&new)).unwrap();
    assert_eq!(call(&app, &token(&partner)).await.0, 401);
    assert_eq!(call(&app, &token(&new)).await.0, 200);
}
