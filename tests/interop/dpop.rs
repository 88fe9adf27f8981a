//! Tokens that real servers bind to a DPoP key, as the client oauth4webapi uses them. Install its package first:
//! `(cd tests/interop/dpop-client && npm ci --ignore-scripts)`.

use std::process::Command;

use axum::{Router, routing::get};
use portcullis::{
    AuthenticateLayer, Identity, Issuers, JwtVerifier,
    binding::{Dpop, DpopBuilder},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::servers::{Glewlwyd, OidcProvider, RESOURCE};

/// A client at an authorization server.
struct Registration<'a> {
    issuer: &'a str,
    /// Client id, secret and scope.
    client: [&'a str; 3],
}

/// What the client reports about tokens for this resource, with a proof key for this algorithm.
async fn report(
    registration: Registration<'_>,
    resource: &str,
    algorithm: &str,
    issuers: Issuers,
    configure: impl FnOnce(DpopBuilder) -> DpopBuilder,
) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let dpop = configure(Dpop::builder(&url)).build().unwrap();
    let client_id = async |identity: Identity| identity.client_id().unwrap_or("nobody").to_owned();
    let app = Router::new()
        .route("/orders", get(client_id))
        .layer(AuthenticateLayer::bearer(issuers).dpop(dpop));
    let service = tokio::spawn(async { axum::serve(listener, app).await });
    let mut client = Command::new("node");
    client
        .args(["interop/dpop-client/client.mjs", registration.issuer, resource])
        .args([&format!("{url}/orders?page=1"), algorithm])
        .args(registration.client);
    let client = tokio::task::spawn_blocking(move || client.output()).await.unwrap().unwrap();
    service.abort();
    let stderr = String::from_utf8_lossy(&client.stderr);
    assert!(client.status.success(), "{resource} {algorithm}: {stderr}");
    serde_json::from_slice(&client.stdout).unwrap()
}

async fn report_of_oidc_provider(
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
    let client = ["svc", "svc-secret", "api:read"];
    let registration = Registration { issuer: &provider.issuer, client };
    report(registration, &format!("{RESOURCE}{kind}"), algorithm, issuers, configure).await
}

fn expected(client: &str) -> Value {
    json!({
        "token_type": "dpop",
        "first": format!("200 {client}"),
        "again": format!("200 {client}"),
        "replayed": "401 invalid_dpop_proof",
        "stolen": "401 invalid_token",
        "bearer": "401 invalid_token",
    })
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn bound_tokens_are_accepted_with_third_party_proofs() {
    let provider = OidcProvider::at_the_root().await;
    for (kind, algorithm) in [
        ("es256", "ES256"),
        ("es256", "EdDSA"),
        ("es256", "RS256"),
        ("es256", "PS256"),
        ("opaque", "ES256"),
    ] {
        let report = report_of_oidc_provider(&provider, kind, algorithm, |dpop| dpop).await;
        assert_eq!(report, expected("svc"), "{kind} {algorithm}");
    }
}

/// The issuer with a path requires nonces too.
#[tokio::test]
#[ignore = "needs a running server"]
async fn a_third_party_client_follows_nonces_of_issuer_and_service() {
    let provider = OidcProvider::at_a_path().await;
    let secret = "a secret of 32 bytes, the same on all replicas";
    let nonces = |dpop: DpopBuilder| dpop.nonces(secret);
    let report = report_of_oidc_provider(&provider, "es256", "ES256", nonces).await;
    assert_eq!(report, expected("svc"));

    // DPoP alone: a Bearer token counts as no credentials, and the response names no error.
    let mut expected = expected("svc");
    expected["bearer"] = json!("401 undefined");
    let required = |dpop: DpopBuilder| dpop.nonces(secret).required();
    let report = report_of_oidc_provider(&provider, "es256", "ES256", required).await;
    assert_eq!(report, expected);
}

/// glewlwyd has an issuer that requires nonces, and one that doesn't. It doesn't know the name that the client has for EdDSA
/// (`Ed25519`, RFC 9864).
#[tokio::test]
#[ignore = "needs a running server"]
async fn glewlwyd_tokens_are_accepted_with_third_party_proofs() {
    let server = Glewlwyd::alone().await;
    let secret = "a secret of 32 bytes, the same on all replicas";
    for (issuer, has_nonces) in [(server.issuer.clone(), false), (server.with_nonces(), true)] {
        for algorithm in ["ES256", "RS256", "PS256"] {
            let jwts = JwtVerifier::builder(&issuer).audience(RESOURCE).build().unwrap();
            let issuers = Issuers::builder().trust(jwts).build().unwrap();
            let registration =
                Registration { issuer: &issuer, client: ["svc-es256", "secret", "api.read"] };
            let nonces = |dpop: DpopBuilder| if has_nonces { dpop.nonces(secret) } else { dpop };
            let report = report(registration, RESOURCE, algorithm, issuers, nonces).await;
            assert_eq!(report, expected("svc-es256"), "{issuer} {algorithm}");
        }
    }
}
