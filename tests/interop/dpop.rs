//! Tokens that oidc-provider binds to a DPoP key, as the client oauth4webapi uses them. Install its package first:
//! `(cd tests/interop/dpop-client && npm ci --ignore-scripts)`.

use std::process::Command;

use axum::{Router, routing::get};
use portcullis::{
    AuthenticateLayer, Identity, Issuers,
    binding::{Dpop, DpopBuilder},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::servers::{OidcProvider, RESOURCE};

/// What the client reports about tokens of this kind, with a proof key for this algorithm.
async fn report(
    provider: &OidcProvider,
    kind: &str,
    algorithm: &str,
    configure: impl FnOnce(DpopBuilder) -> DpopBuilder,
) -> Value {
    let opaque = provider.introspection_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
    let issuers = Issuers::builder()
        .trust(provider.verifier(&["es256"]).build().unwrap())
        .opaque(opaque.build().unwrap())
        .build()
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let dpop = configure(Dpop::builder(&url)).build().unwrap();
    let client_id = async |identity: Identity| identity.client_id().unwrap_or("nobody").to_owned();
    let app = Router::new()
        .route("/orders", get(client_id))
        .layer(AuthenticateLayer::bearer(issuers).dpop(dpop));
    let service = tokio::spawn(async { axum::serve(listener, app).await });
    let mut client = Command::new("node");
    client.args(["interop/dpop-client/client.mjs", &provider.issuer]).args([
        &format!("{RESOURCE}{kind}"),
        &format!("{url}/orders?page=1"),
        algorithm,
    ]);
    let client = tokio::task::spawn_blocking(move || client.output()).await.unwrap().unwrap();
    service.abort();
    let stderr = String::from_utf8_lossy(&client.stderr);
    assert!(client.status.success(), "{kind} {algorithm}: {stderr}");
    serde_json::from_slice(&client.stdout).unwrap()
}

fn expected() -> Value {
    json!({
        "token_type": "dpop",
        "first": "200 svc",
        "again": "200 svc",
        "replayed": "401 invalid_dpop_proof",
        "stolen": "401 invalid_token",
        "bearer": "401 invalid_token",
    })
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn bound_tokens_are_accepted_with_proofs_of_a_third_party_client() {
    let provider = OidcProvider::at_the_root().await;
    for (kind, algorithm) in [
        ("es256", "ES256"),
        ("es256", "EdDSA"),
        ("es256", "RS256"),
        ("es256", "PS256"),
        ("opaque", "ES256"),
    ] {
        let report = report(&provider, kind, algorithm, |dpop| dpop).await;
        assert_eq!(report, expected(), "{kind} {algorithm}");
    }
}

/// The issuer with a path requires nonces too.
#[tokio::test]
#[ignore = "needs a running server"]
async fn nonces_of_issuer_and_service_are_followed_by_a_third_party_client() {
    let provider = OidcProvider::at_a_path().await;
    let secret = "a secret of 32 bytes, the same on all replicas";
    let nonces = |dpop: DpopBuilder| dpop.nonces(secret);
    assert_eq!(report(&provider, "es256", "ES256", nonces).await, expected());

    // DPoP alone: a Bearer token counts as no credentials, and the response names no error.
    let mut expected = expected();
    expected["bearer"] = json!("401 undefined");
    let required = |dpop: DpopBuilder| dpop.nonces(secret).required();
    assert_eq!(report(&provider, "es256", "ES256", required).await, expected);
}
