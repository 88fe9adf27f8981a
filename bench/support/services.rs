//! The services that requests are sent to.

use std::sync::Arc;

use axum::{Extension, Router, handler::Handler, routing::get};
use portcullis::{
    AuthenticateLayer, BearerToken, Claims, Identity, ProtectedResource, RequireScopeLayer, Scope,
    ScopeSet, Verification, Verify, scope::ScopeHierarchy,
};
use tower::layer::layer_fn;

use super::{
    baseline::{Identify, Pass, Reject, Someone},
    issuer::{READ, Tenant},
};

/// What every handler answers.
const ANSWER: &str = "ok";

/// A router whose handler asks for nothing, without any layer.
pub fn plain() -> Router {
    router(async || ANSWER)
}

/// The same, behind a layer that does nothing.
pub fn behind_nothing() -> Router {
    plain().layer(layer_fn(Pass))
}

/// The same, behind a layer that rejects every request.
pub fn behind_rejection(reject: Reject) -> Router {
    plain().layer(layer_fn(move |_| reject))
}

/// A router whose handler asks for someone, behind a layer that says it is always the same.
pub fn for_someone() -> Router {
    let someone = Arc::new(Someone);
    router(async |_: Extension<Arc<Someone>>| ANSWER)
        .layer(layer_fn(move |inner| Identify(inner, Arc::clone(&someone))))
}

/// A router whose handler asks for the identity.
pub fn for_identity() -> Router {
    router(async |_: Identity| ANSWER)
}

/// The same, with a layer around the route that does nothing.
pub fn for_identity_behind_nothing() -> Router {
    Router::new().route("/", get(async |_: Identity| ANSWER).route_layer(layer_fn(Pass)))
}

/// The same, with a guard around the route.
pub fn for_identity_behind_guard() -> Router {
    let guard = RequireScopeLayer::new(Scope::from_static(READ));
    Router::new().route("/", get(async |_: Identity| ANSWER).route_layer(guard))
}

/// A router whose handler asks for claims as a type of its own.
pub fn for_claims() -> Router {
    router(async |_: Claims<Tenant>| ANSWER)
}

fn router<H: Handler<T, ()>, T: 'static>(handler: H) -> Router {
    Router::new().route("/", get(handler))
}

/// Authentication by a verifier that knows its answer: the least that our layer can cost.
pub fn vouching() -> AuthenticateLayer {
    AuthenticateLayer::bearer(Vouching(
        Identity::assertion()
            .subject("alice")
            .scopes(ScopeSet::from_wire("openid profile orders:read orders:write"))
            .claims_json(r#"{"tenant_id":"acme","roles":["clerk","auditor","approver"]}"#)
            .build(),
    ))
}

/// That, of a resource that describes itself, with a hierarchy in which another scope implies the required one.
pub fn vouching_with_hierarchy() -> AuthenticateLayer {
    let resource = ProtectedResource::builder("https://api.example").build();
    let hierarchy = format!("admin > {READ} orders:write").parse::<ScopeHierarchy>();
    vouching()
        .resource(resource.expect("a resource"))
        .scope_hierarchy(hierarchy.expect("a hierarchy"))
}

#[derive(Debug)]
struct Vouching(Identity);

impl Verify<BearerToken<'_>> for Vouching {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::ready(Ok(self.0.clone()))
    }
}
