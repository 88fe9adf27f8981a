//! Tokens that their server has revoked.

use std::time::Duration;

use portcullis::{
    TokenFault,
    testing::TestClock,
    verify::{Revocation, RevocationChecked},
};

use crate::{
    servers::{Glewlwyd, INACTIVE, OidcProvider, RESOURCE, rejection},
    service::{service, status},
};

/// How long an answer is kept by default.
const KEPT: Duration = Duration::from_secs(60);

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_revocation_at_oidc_provider_is_seen_within_the_time_that_answers_are_kept() {
    let provider = OidcProvider::at_the_root().await;
    let clock = TestClock::running();
    let verifier = provider.asking_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
    let verifier = verifier.clock(clock.clone()).build().unwrap();
    let token = provider.token("opaque").await;
    assert_eq!(rejection(&verifier, &token).await, None);
    provider.revoke(&token).await;
    assert_eq!(rejection(&verifier, &token).await, None, "the answer is kept");
    clock.advance(KEPT);
    assert_eq!(rejection(&verifier, &token).await, Some(INACTIVE));
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_revocation_at_glewlwyd_is_seen_within_the_time_that_answers_are_kept() {
    let server = Glewlwyd::alone().await;
    let clock = TestClock::running();
    let verifier = server.asking_as("rs", "secret").audience(RESOURCE).clock(clock.clone());
    let verifier = verifier.build().unwrap();
    let token = server.token("es256").await;
    assert_eq!(rejection(&verifier, &token).await, None);
    server.revoke(&token).await;
    assert_eq!(rejection(&verifier, &token).await, None, "the answer is kept");
    clock.advance(KEPT);
    assert_eq!(rejection(&verifier, &token).await, Some(INACTIVE));
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn it_is_seen_at_once_after_an_invalidation() {
    let provider = OidcProvider::at_the_root().await;
    let verifier = provider.asking_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
    let verifier = verifier.build().unwrap();
    let (token, other) = (provider.token_of_alice("opaque").await, provider.token("opaque").await);
    for token in [&token, &other] {
        assert_eq!(rejection(&verifier, token).await, None);
    }
    provider.revoke(&token).await;
    verifier.invalidate(&token);
    assert_eq!(rejection(&verifier, &token).await, Some(INACTIVE));
    assert_eq!(rejection(&verifier, &other).await, None);
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_revocation_here_needs_none_there() {
    let provider = OidcProvider::at_the_root().await;
    let verifier = provider.asking_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
    let verifier = verifier.build().unwrap();
    for by_subject in [false, true] {
        let token = provider.token_of_alice("opaque").await;
        assert_eq!(rejection(&verifier, &token).await, None);
        let revocation = if by_subject {
            Revocation::subject("alice")
        } else {
            Revocation::token(token.clone())
        };
        verifier.revoke(&revocation).await.unwrap();
        assert_eq!(rejection(&verifier, &token).await, Some(TokenFault::Revoked.into()));
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_jwt_that_is_verified_here_and_asked_about_there_ends_with_its_revocation() {
    let server = Glewlwyd::alone().await;
    let clock = TestClock::running();
    let introspection = server.asking_as("rs", "secret").audience(RESOURCE).clock(clock.clone());
    let introspection = introspection.build().unwrap();
    let verifier = server.verifier().clock(clock.clone()).build().unwrap();
    let app = service(RevocationChecked::new(verifier, introspection.clone()));
    let (at_once, later) = (server.token("es256").await, server.token("rs256").await);
    for token in [&at_once, &later] {
        assert_eq!(status(&app, token).await, 200);
        server.revoke(token).await;
        assert_eq!(status(&app, token).await, 200, "the answer is kept");
    }
    introspection.invalidate(&at_once);
    assert_eq!(status(&app, &at_once).await, 401);
    assert_eq!(status(&app, &later).await, 200, "the answer is kept");
    clock.advance(KEPT);
    assert_eq!(status(&app, &later).await, 401);
    // What its issuer has not signed isn't asked about.
    assert_eq!(status(&app, "made-up").await, 401);
}
