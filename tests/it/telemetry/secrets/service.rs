//! Services that reject in as many ways as there are.

use axum::{Router, routing::get};
use http::HeaderName;
use portcullis::{
    AuthenticateLayer, BasicVerifier, BearerToken, Claims, ErrorBody, IntrospectionVerifier,
    RequireScopeLayer, Scope, TokenFault, Verify, response::Content, testing::TestIssuer,
};

use super::search::PASSWORD;
use crate::support::API;

#[derive(serde::Deserialize)]
struct Staff {
    #[allow(dead_code, reason = "it is never read")]
    number: u32,
}

/// Every form of error body, and one that shows as much as it may.
pub fn bodies() -> [ErrorBody; 4] {
    let telltale =
        ErrorBody::custom(|rejection| Content::text(format!("{rejection:?} {rejection:#?}")));
    [ErrorBody::json(), ErrorBody::oauth(), ErrorBody::problem_json(), telltale]
}

/// Looks for JWTs in `Authorization` alone.
pub fn plain(issuer: &TestIssuer, body: ErrorBody) -> Router {
    routes(AuthenticateLayer::bearer(jwts(issuer)).error_body(body))
}

/// Looks for JWTs wherever one may stand, and for passwords.
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

/// Has every token introspected, by a client with a secret.
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
