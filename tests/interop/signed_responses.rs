//! Answers that the servers have signed (RFC 9701).

use portcullis::{ErrorKind, IntrospectionVerifier, TokenFault};

use crate::{
    servers::{Asking, Glewlwyd, INACTIVE, OidcProvider, RESOURCE, UNAVAILABLE, rejection, verify},
    service::{ask, service},
};

const ALGORITHMS: [&str; 11] = [
    "rs256", "rs384", "rs512", "ps256", "ps384", "ps512", "es256", "es384", "es512", "eddsa",
    "ed25519",
];

/// Asks oidc-provider as a client whose answers are signed with that algorithm.
fn signed(provider: &OidcProvider, algorithm: &str) -> Asking {
    let signer = provider.verifier(&[]).build().unwrap();
    provider.asking_as(&format!("rs-jwt-{algorithm}"), "rs-secret").signed_responses(signer)
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn oidc_provider_s_answers_are_believed_under_each_algorithm() {
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
            assert_eq!(rejection(&verifier, "made-up").await, Some(INACTIVE), "{algorithm}");
            let jwt = rejection(&verifier, &provider.token("es256").await).await;
            assert_eq!(jwt, Some(ErrorKind::InvalidToken(TokenFault::Type)), "{algorithm}");
        }
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn an_answer_under_a_key_that_is_new_is_believed_at_once() {
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
async fn an_answer_that_is_signed_by_another_issuer_accepts_no_token() {
    let (root, path) = (OidcProvider::at_the_root().await, OidcProvider::at_a_path().await);
    let audience = format!("{RESOURCE}opaque");
    let token = root.token("opaque").await;
    let other = path.verifier(&[]).build().unwrap();
    let mistaken = root.asking_as("rs-jwt-es256", "rs-secret").signed_responses(other);
    let mistaken = mistaken.audience(&audience).build().unwrap();
    assert_eq!(rejection(&mistaken, &token).await, Some(UNAVAILABLE));
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn our_own_bad_credentials_are_500_there_too() {
    let (provider, glewlwyd) = (OidcProvider::at_the_root().await, Glewlwyd::alone().await);
    let signer = provider.verifier(&[]).build().unwrap();
    let verifier = provider.asking_as("rs-jwt-es256", "guess").signed_responses(signer);
    let app = service(verifier.audience(RESOURCE).build().unwrap());
    assert_eq!(ask(&app, &provider.token("opaque").await).await, (500, None));
    let signer = glewlwyd.verifier().build().unwrap();
    let verifier = glewlwyd.asking_as("rs", "guess").signed_responses(signer);
    let app = service(verifier.audience(RESOURCE).build().unwrap());
    assert_eq!(ask(&app, &glewlwyd.token("es256").await).await, (500, None));
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn glewlwyd_s_answers_are_believed_and_its_silence_is_a_token_s_end() {
    let server = Glewlwyd::alone().await;
    let own = server.token_of_the_resource_server().await;
    let by_token = IntrospectionVerifier::discover(&server.issuer).bearer_token(own);
    for asking in [server.asking_as("rs", "secret"), by_token] {
        believe_glewlwyd(&server, asking).await;
    }
}

async fn believe_glewlwyd(server: &Glewlwyd, asking: Asking) {
    let signer = server.verifier().build().unwrap();
    let verifier = asking.signed_responses(signer).audience(RESOURCE).build().unwrap();
    let (kept, revoked) = (server.token("es256").await, server.token("rs256").await);
    for token in [&kept, &revoked] {
        assert_eq!(rejection(&verifier, token).await, None);
    }
    server.revoke(&revoked).await;
    verifier.invalidate(&revoked);
    // It answers 400 without a body where it would call a token inactive.
    for token in [&*revoked, "made-up", "a.b.c"] {
        assert_eq!(rejection(&verifier, token).await, Some(INACTIVE), "{token}");
    }
    let (status, challenge) = ask(&service(verifier), "made-up").await;
    assert_eq!(status, 401);
    assert!(challenge.is_some_and(|line| line.contains("invalid_token")));
}
