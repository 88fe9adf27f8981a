//! Signed introspection responses (RFC 9701).

use portcullis::{ErrorKind, IntrospectionVerifier, error::TokenFault};

use crate::{
    servers::{
        Builder, Glewlwyd, INACTIVE, OidcProvider, RESOURCE, UNAVAILABLE, rejection, verify,
    },
    service::{ask, service},
};

const ALGORITHMS: [&str; 11] = [
    "rs256", "rs384", "rs512", "ps256", "ps384", "ps512", "es256", "es384", "es512", "eddsa",
    "ed25519",
];

/// A verifier that authenticates to oidc-provider as a client whose responses are signed with that algorithm.
fn signed(provider: &OidcProvider, algorithm: &str) -> Builder {
    let signer = provider.verifier(&[]).build().unwrap();
    provider.introspection_as(&format!("rs-jwt-{algorithm}"), "rs-secret").signed_responses(signer)
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn responses_of_oidc_provider_are_accepted_with_each_algorithm() {
    for provider in [OidcProvider::at_the_root().await, OidcProvider::at_a_path().await] {
        let token = provider.token("opaque").await;
        for algorithm in ALGORITHMS {
            let verifier = signed(&provider, algorithm).audience(format!("{RESOURCE}opaque"));
            let verifier = verifier.build().unwrap();
            let identity = verify(&verifier, &token).await;
            let identity =
                identity.unwrap_or_else(|rejection| panic!("{algorithm}: {rejection:?}"));
            assert_eq!(identity.client_id(), Some("svc"), "{algorithm}");
            assert!(!identity.raw_claims().contains("token_introspection"), "{algorithm}");
            assert_eq!(rejection(&verifier, "unknown").await, Some(INACTIVE), "{algorithm}");
            let jwt = rejection(&verifier, &provider.token("es256").await).await;
            assert_eq!(jwt, Some(ErrorKind::InvalidToken(TokenFault::Type)), "{algorithm}");
        }
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_response_signed_with_a_new_key_is_accepted_immediately() {
    let provider = OidcProvider::at_the_root().await;
    let audience = format!("{RESOURCE}opaque");
    let verifier = signed(&provider, "es256").audience(audience).build().unwrap();
    for _ in 0..2 {
        assert_eq!(rejection(&verifier, &provider.token("opaque").await).await, None);
        provider.rotate(false).await;
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_response_signed_by_another_issuer_is_503() {
    let (root, path) = (OidcProvider::at_the_root().await, OidcProvider::at_a_path().await);
    let audience = format!("{RESOURCE}opaque");
    let token = root.token("opaque").await;
    let other = path.verifier(&[]).build().unwrap();
    let other_signer = root.introspection_as("rs-jwt-es256", "rs-secret").signed_responses(other);
    let other_signer = other_signer.audience(&audience).build().unwrap();
    assert_eq!(rejection(&other_signer, &token).await, Some(UNAVAILABLE));
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn invalid_client_credentials_are_500_with_signed_responses() {
    let (provider, glewlwyd) = (OidcProvider::at_the_root().await, Glewlwyd::alone().await);
    let signer = provider.verifier(&[]).build().unwrap();
    let verifier = provider.introspection_as("rs-jwt-es256", "guess").signed_responses(signer);
    let app = service(verifier.audience(RESOURCE).build().unwrap());
    assert_eq!(ask(&app, &provider.token("opaque").await).await, (500, None));
    let signer = glewlwyd.verifier().build().unwrap();
    let verifier = glewlwyd.introspection_as("rs", "guess").signed_responses(signer);
    let app = service(verifier.audience(RESOURCE).build().unwrap());
    assert_eq!(ask(&app, &glewlwyd.token("es256").await).await, (500, None));
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn glewlwyd_responses_are_accepted_and_empty_ones_mean_inactive() {
    let server = Glewlwyd::alone().await;
    let bearer_token = server.token_of_the_resource_server().await;
    let by_token = IntrospectionVerifier::discover(&server.issuer).bearer_token(bearer_token);
    for builder in [server.introspection_as("rs", "secret"), by_token] {
        accept_glewlwyd_responses(&server, builder).await;
    }
}

async fn accept_glewlwyd_responses(server: &Glewlwyd, builder: Builder) {
    let signer = server.verifier().build().unwrap();
    let verifier = builder.signed_responses(signer).audience(RESOURCE).build().unwrap();
    let (valid, revoked) = (server.token("es256").await, server.token("rs256").await);
    for token in [&valid, &revoked] {
        assert_eq!(rejection(&verifier, token).await, None);
    }
    server.revoke(&revoked).await;
    verifier.invalidate(&revoked);
    // It responds with 400 without a body to tokens that it would report as inactive.
    for token in [&*revoked, "unknown", "a.b.c"] {
        assert_eq!(rejection(&verifier, token).await, Some(INACTIVE), "{token}");
    }
    let (status, challenge) = ask(&service(verifier), "unknown").await;
    assert_eq!(status, 401);
    assert!(challenge.is_some_and(|line| line.contains("invalid_token")));
}
