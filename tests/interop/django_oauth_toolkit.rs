//! django-oauth-toolkit: opaque tokens and JWTs, introspected and verified, and keys that are rotated under load.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use portcullis::{ErrorKind, Issuers, error::TokenFault, jwt::Profile, testing::TestClock};
use tokio::sync::watch;

use crate::{
    servers::{DjangoOauthToolkit, INACTIVE, RESOURCE, UNKNOWN_KEY, rejection, verify},
    service::{ask, service, status},
};

const JWKS: &str = "/o/.well-known/jwks.json";
const INTROSPECT: &str = "/o/introspect/";
const AUDIENCE: ErrorKind = ErrorKind::InvalidToken(TokenFault::Audience);

#[tokio::test]
#[ignore = "needs a running server"]
async fn both_forms_of_tokens_are_introspected_by_each_client() {
    let server = DjangoOauthToolkit::alone().await;
    let (opaque, jwt) = (server.opaque_for_resource().await, server.jwt().await);
    let bearer = server.introspection_token().await;
    let builder = || server.introspection();
    for (client, builder) in [
        ("basic", builder().client_secret_basic("rs", "rs-secret")),
        ("basic, special", builder().client_secret_basic("rs:odd", "a+b c%d&e=f/g:h")),
        ("post", builder().client_secret_post("rs", "rs-secret")),
        ("post, special", builder().client_secret_post("rs:odd", "a+b c%d&e=f/g:h")),
        ("bearer", builder().bearer_token(bearer)),
    ] {
        let verifier = builder.audience(RESOURCE).build().unwrap();
        for (token, client_id) in [(&opaque, "svc"), (&jwt, "svc-jwt")] {
            let identity = verify(&verifier, token).await;
            let identity = identity.unwrap_or_else(|rejection| panic!("{client}: {rejection:?}"));
            assert_eq!(identity.client_id(), Some(client_id), "{client}");
            // The response has no `iss` and no `sub`.
            assert_eq!((identity.issuer(), identity.subject()), (None, None), "{client}");
            assert_eq!(identity.scopes().to_string(), "api:read", "{client}");
            assert!(identity.expires_at().is_some(), "{client}");
        }
        assert_eq!(rejection(&verifier, "unknown").await, Some(INACTIVE), "{client}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn its_endpoint_is_discovered_by_the_metadata_of_rfc_8414() {
    let server = DjangoOauthToolkit::alone().await;
    let verifier = portcullis::IntrospectionVerifier::discover(&server.issuer)
        .client_secret_basic("rs", "rs-secret")
        .audience(RESOURCE)
        .build()
        .unwrap();
    assert_eq!(rejection(&verifier, &server.opaque_for_resource().await).await, None);
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_token_without_a_resource_has_no_audience() {
    let server = DjangoOauthToolkit::alone().await;
    let builder = || server.introspection().client_secret_basic("rs", "rs-secret");
    let (without, with) = (server.opaque().await, server.opaque_for_resource().await);
    for (verifier, expected_without, expected_with) in [
        (builder().audience(RESOURCE), Some(AUDIENCE), None),
        (builder().without_audience(), None, Some(AUDIENCE)),
        (builder().without_audience().audience(RESOURCE), None, None),
    ] {
        let verifier = verifier.build().unwrap();
        assert_eq!(rejection(&verifier, &without).await, expected_without, "{verifier:?}");
        assert_eq!(rejection(&verifier, &with).await, expected_with, "{verifier:?}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn invalid_client_credentials_are_500_and_revoked_tokens_401() {
    let server = DjangoOauthToolkit::alone().await;
    let token = server.opaque_for_resource().await;
    // It responds with 403 and a page of HTML.
    let wrong = server.introspection().client_secret_basic("rs", "guess").audience(RESOURCE);
    assert_eq!(ask(&service(wrong.build().unwrap()), &token).await, (500, None));
    let verifier = server.introspection().client_secret_basic("rs", "rs-secret").audience(RESOURCE);
    let verifier = verifier.build().unwrap();
    let app = service(verifier.clone());
    assert_eq!(status(&app, &token).await, 200);
    server.revoke("svc", &token).await;
    assert_eq!(status(&app, &token).await, 200, "cached");
    verifier.invalidate(&token);
    assert_eq!(status(&app, &token).await, 401);
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn one_layer_verifies_jwts_and_introspects_opaque_tokens() {
    let server = DjangoOauthToolkit::alone().await;
    let introspection =
        server.introspection().client_secret_basic("rs", "rs-secret").audience(RESOURCE);
    let jwts = server.verifier().audience(RESOURCE).profile(Profile::Rfc9068).build().unwrap();
    let both = Issuers::builder().trust(jwts).opaque(introspection.build().unwrap());
    let app = service(both.build().unwrap());
    let before = server.requests_to(INTROSPECT).await;
    assert_eq!(status(&app, &server.jwt().await).await, 200);
    assert_eq!(server.requests_to(INTROSPECT).await, before);
    assert_eq!(status(&app, &server.opaque_for_resource().await).await, 200);
    assert_eq!(server.requests_to(INTROSPECT).await, before + 1);

    let introspection =
        server.introspection().client_secret_basic("rs", "rs-secret").audience(RESOURCE);
    let alone = Issuers::builder().opaque(introspection.build().unwrap()).build().unwrap();
    let app = service(alone);
    assert_eq!(status(&app, &server.jwt().await).await, 200);
    assert_eq!(server.requests_to(INTROSPECT).await, before + 2);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a running server"]
async fn no_valid_token_is_rejected_while_keys_are_rotated_under_load() {
    const ROTATIONS: u64 = 5;
    let server = DjangoOauthToolkit::alone().await;
    let clock = TestClock::running();
    let verifier = server.verifier().audience(RESOURCE).clock(clock.clone());
    // Without the cache, every request verifies the signature.
    let verifier = verifier.token_cache(0).build().unwrap();
    // Every request has to verify the signature.
    let verifier = Arc::new(verifier);
    let (newest, tokens) = watch::channel(server.jwt().await);
    let before = server.requests_to(JWKS).await;
    let (is_over, requests) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..16)
        .map(|_| {
            let (verifier, tokens) = (Arc::clone(&verifier), tokens.clone());
            let (is_over, requests) = (Arc::clone(&is_over), Arc::clone(&requests));
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let token = tokens.borrow().clone();
                    assert_eq!(rejection(&*verifier, &token).await, None);
                    requests.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for _ in 0..ROTATIONS {
        server.rotate(true).await;
        newest.send(server.jwt().await).unwrap();
        let seen = requests.load(Ordering::Relaxed);
        while requests.load(Ordering::Relaxed) < seen + 1000 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The cool-down of unknown keys.
        clock.advance(Duration::from_secs(10));
    }
    is_over.store(true, Ordering::Relaxed);
    for worker in load {
        worker.await.unwrap();
    }
    assert_eq!(server.requests_to(JWKS).await - before, 1 + ROTATIONS, "one fetch per rotation");

    let old = server.jwt().await;
    server.rotate(false).await;
    assert_eq!(rejection(&*verifier, &server.jwt().await).await, None);
    assert_eq!(rejection(&*verifier, &old).await, Some(UNKNOWN_KEY), "its key was removed");
}
