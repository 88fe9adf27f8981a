//! Protected resource metadata (RFC 9728): the document, where it is served, and the challenges that name it.
//!
//! `document` tests what it contains, `serving` the responses with it, and `challenges` the rejections. The examples
//! of the RFC are in `rfc_9728`, `audience` tests that the identifier is the audience, and `guide` tests the guide.

mod audience;
mod challenges;
mod document;
mod guide;
mod guide_service;
mod rfc_9728;
mod serving;

use axum::{Router, body::Body, routing::any};
use http::{Method, Request};
use portcullis::{
    AuthenticateLayer, BearerToken, Identity, ProtectedResource, ScopeSet, Verification, Verify,
    error::TokenFault,
};

use crate::support::{TestResponse, send};

const RESOURCE: &str = "https://api.example/mcp";
const PATH: &str = "/.well-known/oauth-protected-resource/mcp";
const ROOT: &str = "/.well-known/oauth-protected-resource";
const METADATA: &str =
    r#"resource_metadata="https://api.example/.well-known/oauth-protected-resource/mcp""#;

/// Accepts `none`, and a token that consists of scopes with dots between them and `+` for a colon. The issuers are
/// configured.
#[derive(Clone, Default)]
struct Scoped(Vec<String>);

impl Verify<BearerToken<'_>> for Scoped {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let identity = Identity::assertion().subject("alice");
        Verification::ready(match token.as_str() {
            "invalid" => Err(TokenFault::Revoked.into()),
            "none" => Ok(identity.build()),
            scopes => {
                let scopes = scopes.replace('+', ":");
                Ok(identity.scopes(scopes.split('.').collect::<ScopeSet>()).build())
            }
        })
    }

    fn issuers(&self) -> Vec<String> {
        self.0.clone()
    }
}

fn bearer() -> AuthenticateLayer {
    AuthenticateLayer::bearer(Scoped(vec!["https://as.example".to_owned()]))
}

fn resource() -> ProtectedResource {
    ProtectedResource::builder(RESOURCE).build().unwrap()
}

/// A router that responds to every request.
fn handlers() -> Router {
    Router::new().fallback(any("in"))
}

fn request(method: &Method, target: &str) -> Request<Body> {
    Request::builder().method(method).uri(target).body(Body::empty()).unwrap()
}

async fn get(app: &Router, target: &str) -> TestResponse {
    send(app, request(&Method::GET, target)).await
}

/// The document that the layer serves.
async fn document(layer: AuthenticateLayer, path: &str) -> serde_json::Value {
    let response = get(&handlers().layer(layer), path).await;
    assert_eq!(response.status, 200);
    response.json()
}
