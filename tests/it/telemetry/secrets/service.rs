//! Services that reject requests in every way.

use axum::{Router, routing::get};
use http::HeaderName;
use portcullis::{
    AuthenticateLayer, BasicVerifier, BearerToken, Claims, ErrorBody, IntrospectionVerifier,
    RequireScopeLayer, Scope, Verify, error::TokenFault, response::Content, testing::TestIssuer,
};

use super::search::PASSWORD;
use crate::support::API;

#[derive(serde::Deserialize)]
struct Staff {
    #[allow(dead_code, reason = "it is never read")]
    number: u32,
}

/// Every format of error bodies, and a custom one that shows as much as possible.
pub fn bodies() -> [ErrorBody; 4] {
    let telltale =
        ErrorBody::custom(|rejection| Content::text(format!("{rejection:?} {rejection:#?}")));
    [ErrorBody::json(), ErrorBody::oauth(), ErrorBody::problem_json(), telltale]
}

/// Accepts JWTs from `Authorization` only.
pub fn plain(issuer: &TestIssuer, body: ErrorBody) -> Router {
    routes(AuthenticateLayer::bearer(jwts(issuer)).error_body(body))
}

/// Accepts JWTs from every source, and passwords.
pub fn with_all_sources(issuer: &TestIssuer, body: ErrorBody) -> Router {
    let layer = AuthenticateLayer::bearer(jwts(issuer))
        .error_body(body)
        .basic(BasicVerifier::builder(async |_| Ok(None)).build().unwrap())
        .token_scheme()
        .header(HeaderName::from_static("authentication"))
        .query_parameter()
        .cookie("session")
        .websocket_protocol();
    routes(layer)
}

/// Introspects every token, as a client with a secret.
pub fn introspecting(issuer: &TestIssuer, body: ErrorBody) -> Router {
    issuer.register_client("orders", PASSWORD);
    let verifier = IntrospectionVerifier::builder(format!("{}/introspect", issuer.issuer()))
        .client_secret_basic("orders", PASSWORD)
        .audience(API)
        .http_client(issuer.http_client())
        .clock(issuer.clock())
        .build()
        .unwrap();
    routes(AuthenticateLayer::bearer(verifier).error_body(body))
}

fn jwts(issuer: &TestIssuer) -> impl for<'a> Verify<BearerToken<'a>> {
    let verifier = issuer.verifier().audience(API).check(|identity| match identity.subject() {
        Some("mallory") => Err(TokenFault::Rejected.into()),
        _ => Ok(()),
    });
    verifier.build().unwrap()
}

fn routes(layer: AuthenticateLayer) -> Router {
    let guard = RequireScopeLayer::new(Scope::from_static("admin"));
    Router::new()
        .route("/", get(async || "in"))
        .route("/admin", get(async || "in").layer(guard))
        .route("/staff", get(async |_: Claims<Staff>| "in"))
        .layer(layer)
}
