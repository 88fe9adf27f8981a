//! Tokens that the server has revoked.

use std::time::Duration;

use portcullis::{
    error::TokenFault,
    testing::TestClock,
    verify::{Revocation, RevocationChecked},
};

use crate::{
    servers::{Glewlwyd, INACTIVE, OidcProvider, RESOURCE, rejection},
    service::{service, status},
};

/// How long a response is cached by default.
const CACHE_TIME: Duration = Duration::from_secs(60);

#[tokio::test]
#[ignore = "needs a running server"]
async fn oidc_provider_revocations_take_effect_within_the_cache_time() {
    let provider = OidcProvider::at_the_root().await;
    let clock = TestClock::running();
    let verifier =
        provider.introspection_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
    let verifier = verifier.clock(clock.clone()).build().unwrap();
    let token = provider.token("opaque").await;
    assert_eq!(rejection(&verifier, &token).await, None);
    provider.revoke(&token).await;
    assert_eq!(rejection(&verifier, &token).await, None, "the response is cached");
    clock.advance(CACHE_TIME);
    assert_eq!(rejection(&verifier, &token).await, Some(INACTIVE));
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn glewlwyd_revocations_take_effect_within_the_cache_time() {
    let server = Glewlwyd::alone().await;
    let clock = TestClock::running();
    let verifier = server.introspection_as("rs", "secret").audience(RESOURCE).clock(clock.clone());
    let verifier = verifier.build().unwrap();
    let token = server.token("es256").await;
    assert_eq!(rejection(&verifier, &token).await, None);
    server.revoke(&token).await;
    assert_eq!(rejection(&verifier, &token).await, None, "the response is cached");
    clock.advance(CACHE_TIME);
    assert_eq!(rejection(&verifier, &token).await, Some(INACTIVE));
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn after_an_invalidation_the_token_is_introspected_immediately() {
    let provider = OidcProvider::at_the_root().await;
    let verifier =
        provider.introspection_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
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
async fn a_local_revocation_needs_no_revocation_at_the_server() {
    let provider = OidcProvider::at_the_root().await;
    let verifier =
        provider.introspection_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
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
async fn a_jwt_with_revocation_check_is_rejected_after_its_revocation() {
    let server = Glewlwyd::alone().await;
    let clock = TestClock::running();
    let introspection =
        server.introspection_as("rs", "secret").audience(RESOURCE).clock(clock.clone());
    let introspection = introspection.build().unwrap();
    let verifier = server.verifier().clock(clock.clone()).build().unwrap();
    let app = service(RevocationChecked::new(verifier, introspection.clone()));
    let (invalidated, later) = (server.token("es256").await, server.token("rs256").await);
    for token in [&invalidated, &later] {
        assert_eq!(status(&app, token).await, 200);
        server.revoke(token).await;
        assert_eq!(status(&app, token).await, 200, "the response is cached");
    }
    introspection.invalidate(&invalidated);
    assert_eq!(status(&app, &invalidated).await, 401);
    assert_eq!(status(&app, &later).await, 200, "the response is cached");
    clock.advance(CACHE_TIME);
    assert_eq!(status(&app, &later).await, 401);
    // A token without a valid signature isn't introspected.
    assert_eq!(status(&app, "unknown").await, 401);
}
