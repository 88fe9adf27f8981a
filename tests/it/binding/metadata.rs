//! Client certificates in the metadata of a resource (RFC 9728).

use axum::body::Body;
use http::Request;
use portcullis::{
    Algorithm, AuthenticateLayer, binding::ClientCertificates, resource_metadata::ProtectedResource,
};
use serde_json::{Value, json};

use crate::support::{API, issuer_with, send, whoami};

const MEMBER: &str = "tls_client_certificate_bound_access_tokens";

async fn document(configure: impl FnOnce(AuthenticateLayer) -> AuthenticateLayer) -> Value {
    let issuer = issuer_with([Algorithm::Es256]);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let resource = ProtectedResource::builder(API).build().unwrap();
    let layer = AuthenticateLayer::bearer(verifier).resource(resource);
    let request = Request::get("/.well-known/oauth-protected-resource").body(Body::empty());
    send(&whoami().layer(configure(layer)), request.unwrap()).await.json()
}

#[tokio::test]
async fn a_layer_that_accepts_certificates_says_so() {
    let certificates = || ClientCertificates::from_connection().build().unwrap();
    let with = document(|layer| layer.client_certificates(certificates())).await;
    assert_eq!(with[MEMBER], json!(true));
    let without = document(|layer| layer).await;
    assert_eq!((&without["resource"], without.get(MEMBER)), (&json!(API), None));
}
