//! What is served while a server fails, and how it ends.

use std::time::Duration;

use portcullis::{IntrospectionVerifier, testing::TestClock};

use crate::servers::{INACTIVE, OidcProvider, RESOURCE, UNAVAILABLE, UNKNOWN_KEY, rejection};

/// Ways to fail, the last two of which take the 5 seconds that a fetch has.
const MODES: [&str; 8] = ["500", "garbage", "empty", "html", "huge", "redirect", "slow", "drip"];
const STALE: Duration = Duration::from_secs(700);

#[tokio::test]
#[ignore = "needs a running server"]
async fn known_keys_go_on_while_the_key_set_fails_and_new_ones_follow_after_it() {
    let (root, path) = (OidcProvider::at_the_root().await, OidcProvider::at_a_path().await);
    tokio::join!(fail_keys(&root), fail_keys(&path));
}

async fn fail_keys(provider: &OidcProvider) {
    provider.token_lifetime(86_400).await;
    for mode in MODES {
        let clock = TestClock::new();
        let builder = || provider.verifier(&["es256"]).clock(clock.clone());
        let (experienced, fresh) = (builder().build().unwrap(), builder().build().unwrap());
        let old = provider.token("es256").await;
        assert_eq!(rejection(&experienced, &old).await, None, "{mode}");

        provider.rotate(false).await;
        let new = provider.token("es256").await;
        provider.serve_keys(mode).await;
        clock.advance(STALE);
        let (known, unknown) = tokio::join!(rejection(&experienced, &old), rejection(&fresh, &new));
        assert_eq!(known, None, "{mode}");
        assert_eq!(unknown, Some(UNAVAILABLE), "{mode}");
        assert_eq!(rejection(&experienced, &new).await, Some(UNAVAILABLE), "{mode}");
        assert_eq!(rejection(&experienced, &old).await, None, "{mode}");

        provider.serve_keys("ok").await;
        clock.advance(Duration::from_secs(60));
        assert_eq!(rejection(&fresh, &new).await, None, "{mode}");
        assert_eq!(rejection(&experienced, &new).await, None, "{mode}");
        assert_eq!(rejection(&experienced, &old).await, Some(UNKNOWN_KEY), "{mode}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_verifier_that_starts_while_discovery_fails_recovers_without_a_restart() {
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
        assert_eq!(rejection(&verifier, &token).await, Some(UNAVAILABLE), "{mode}: in the pause");
        provider.serve_metadata("ok").await;
        clock.advance(Duration::from_secs(1));
        assert_eq!(rejection(&verifier, &token).await, None, "{mode}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn while_introspection_fails_kept_answers_serve_and_no_token_is_called_bad() {
    let (root, path) = (OidcProvider::at_the_root().await, OidcProvider::at_a_path().await);
    tokio::join!(fail_introspection(&root), fail_introspection(&path));
}

async fn fail_introspection(provider: &OidcProvider) {
    let clock = TestClock::running();
    let verifier = provider.asking_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
    let verifier = verifier.clock(clock.clone()).build().unwrap();
    provider.token_lifetime(86_400).await;
    for mode in MODES {
        let (known, unknown) = (provider.token("opaque").await, provider.token("opaque").await);
        assert_eq!(rejection(&verifier, &known).await, None, "{mode}");
        provider.serve_introspection(mode).await;
        let new = tokio::join!(rejection(&verifier, &unknown), rejection(&verifier, "made-up"));
        assert_eq!(new, (Some(UNAVAILABLE), Some(UNAVAILABLE)), "{mode}");
        assert_eq!(rejection(&verifier, &known).await, None, "{mode}");
        clock.advance(Duration::from_secs(60));
        assert_eq!(rejection(&verifier, &known).await, Some(UNAVAILABLE), "{mode}");
        provider.serve_introspection("ok").await;
        for token in [&known, &unknown] {
            assert_eq!(rejection(&verifier, token).await, None, "{mode}");
        }
        assert_eq!(rejection(&verifier, "made-up").await, Some(INACTIVE), "{mode}");
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
        let asking =
            IntrospectionVerifier::builder(endpoint).client_secret_basic("rs", "rs-secret");
        let asking = asking.without_audience().build().unwrap();
        assert_eq!(rejection(&asking, &token).await, Some(UNAVAILABLE));
        assert_eq!(provider.redirects_followed().await, before);
        provider.serve_keys("ok").await;
        provider.serve_metadata("ok").await;
    }
}
