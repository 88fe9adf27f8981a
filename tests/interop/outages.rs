//! Outages of a server: which tokens are accepted meanwhile, and recovery.

use std::time::Duration;

use portcullis::{IntrospectionVerifier, testing::TestClock};

use crate::servers::{INACTIVE, OidcProvider, RESOURCE, UNAVAILABLE, UNKNOWN_KEY, rejection};

/// Kinds of failures. The last two take the time-out of a fetch, which is 5 seconds.
const MODES: [&str; 8] = ["500", "garbage", "empty", "html", "huge", "redirect", "slow", "drip"];
const STALE: Duration = Duration::from_secs(700);

#[tokio::test]
#[ignore = "needs a running server"]
async fn cached_keys_are_used_during_an_outage_and_new_ones_after_it() {
    let (root, path) = (OidcProvider::at_the_root().await, OidcProvider::at_a_path().await);
    tokio::join!(fail_keys(&root), fail_keys(&path));
}

async fn fail_keys(provider: &OidcProvider) {
    provider.token_lifetime(86_400).await;
    for mode in MODES {
        let clock = TestClock::new();
        let builder = || provider.verifier(&["es256"]).clock(clock.clone());
        let (with_keys, fresh) = (builder().build().unwrap(), builder().build().unwrap());
        let old = provider.token("es256").await;
        assert_eq!(rejection(&with_keys, &old).await, None, "{mode}");

        provider.rotate(false).await;
        let new = provider.token("es256").await;
        provider.serve_keys(mode).await;
        clock.advance(STALE);
        let (known, unknown) = tokio::join!(rejection(&with_keys, &old), rejection(&fresh, &new));
        assert_eq!(known, None, "{mode}");
        assert_eq!(unknown, Some(UNAVAILABLE), "{mode}");
        assert_eq!(rejection(&with_keys, &new).await, Some(UNAVAILABLE), "{mode}");
        assert_eq!(rejection(&with_keys, &old).await, None, "{mode}");

        provider.serve_keys("ok").await;
        clock.advance(Duration::from_secs(60));
        assert_eq!(rejection(&fresh, &new).await, None, "{mode}");
        assert_eq!(rejection(&with_keys, &new).await, None, "{mode}");
        assert_eq!(rejection(&with_keys, &old).await, Some(UNKNOWN_KEY), "{mode}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_verifier_recovers_from_failed_discovery_at_start_up() {
    let (root, path) = (OidcProvider::at_the_root().await, OidcProvider::at_a_path().await);
    tokio::join!(fail_discovery(&root), fail_discovery(&path));
}

async fn fail_discovery(provider: &OidcProvider) {
    let token = provider.token("es256").await;
    for mode in MODES {
        let clock = TestClock::new();
        let verifier = provider.verifier(&["es256"]).clock(clock.clone()).build().unwrap();
        provider.serve_metadata(mode).await;
        assert_eq!(rejection(&verifier, &token).await, Some(UNAVAILABLE), "{mode}");
        assert_eq!(
            rejection(&verifier, &token).await,
            Some(UNAVAILABLE),
            "{mode}: during the backoff"
        );
        provider.serve_metadata("ok").await;
        clock.advance(Duration::from_secs(1));
        assert_eq!(rejection(&verifier, &token).await, None, "{mode}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn cached_responses_are_used_while_introspection_fails() {
    let (root, path) = (OidcProvider::at_the_root().await, OidcProvider::at_a_path().await);
    tokio::join!(fail_introspection(&root), fail_introspection(&path));
}

async fn fail_introspection(provider: &OidcProvider) {
    let clock = TestClock::running();
    let verifier =
        provider.introspection_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
    let verifier = verifier.clock(clock.clone()).build().unwrap();
    provider.token_lifetime(86_400).await;
    for mode in MODES {
        let (known, unknown) = (provider.token("opaque").await, provider.token("opaque").await);
        assert_eq!(rejection(&verifier, &known).await, None, "{mode}");
        provider.serve_introspection(mode).await;
        let new = tokio::join!(rejection(&verifier, &unknown), rejection(&verifier, "unknown"));
        assert_eq!(new, (Some(UNAVAILABLE), Some(UNAVAILABLE)), "{mode}");
        assert_eq!(rejection(&verifier, &known).await, None, "{mode}");
        clock.advance(Duration::from_secs(60));
        assert_eq!(rejection(&verifier, &known).await, Some(UNAVAILABLE), "{mode}");
        provider.serve_introspection("ok").await;
        for token in [&known, &unknown] {
            assert_eq!(rejection(&verifier, token).await, None, "{mode}");
        }
        assert_eq!(rejection(&verifier, "unknown").await, Some(INACTIVE), "{mode}");
        clock.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_redirect_is_not_followed() {
    for provider in [OidcProvider::at_the_root().await, OidcProvider::at_a_path().await] {
        let token = provider.token("es256").await;
        provider.serve_keys("redirect").await;
        let verifier = || provider.verifier(&["es256"]).build().unwrap();
        let before = provider.redirects_followed().await;
        assert_eq!(rejection(&verifier(), &token).await, Some(UNAVAILABLE));
        provider.serve_metadata("redirect").await;
        assert_eq!(rejection(&verifier(), &token).await, Some(UNAVAILABLE));
        provider.serve_introspection("redirect").await;
        let endpoint = format!("{}/token/introspection", provider.issuer);
        let builder =
            IntrospectionVerifier::builder(endpoint).client_secret_basic("rs", "rs-secret");
        let introspecting = builder.without_audience().build().unwrap();
        assert_eq!(rejection(&introspecting, &token).await, Some(UNAVAILABLE));
        assert_eq!(provider.redirects_followed().await, before);
        provider.serve_keys("ok").await;
        provider.serve_metadata("ok").await;
    }
}
