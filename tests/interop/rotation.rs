//! Key rotation, with the old keys kept or withdrawn.

use std::time::Duration;

use portcullis::testing::TestClock;

use crate::servers::{Glewlwyd, OidcProvider, UNKNOWN_KEY, rejection};

#[tokio::test]
#[ignore = "needs a running server"]
async fn new_keys_of_oidc_provider_are_accepted_immediately() {
    for provider in [OidcProvider::at_the_root().await, OidcProvider::at_a_path().await] {
        for keep in [true, false] {
            let verifier = provider.verifier(&["es256", "rs256"]).build().unwrap();
            let old = provider.token("es256").await;
            assert_eq!(rejection(&verifier, &old).await, None);
            provider.rotate(keep).await;
            assert_eq!(rejection(&verifier, &old).await, None, "the set isn't refetched yet");
            for kind in ["es256", "rs256"] {
                assert_eq!(rejection(&verifier, &provider.token(kind).await).await, None, "{kind}");
            }
            let expected = if keep { None } else { Some(UNKNOWN_KEY) };
            assert_eq!(rejection(&verifier, &old).await, expected, "keep: {keep}");
        }
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn new_keys_of_glewlwyd_are_accepted_immediately() {
    let server = Glewlwyd::alone().await;
    for keep in [true, false] {
        let verifier = server.verifier().build().unwrap();
        let old = server.token("es256").await;
        assert_eq!(rejection(&verifier, &old).await, None);
        server.rotate(keep);
        for algorithm in ["es256", "ps256"] {
            let new = server.token(algorithm).await;
            assert_eq!(rejection(&verifier, &new).await, None, "{algorithm}");
        }
        let expected = if keep { None } else { Some(UNKNOWN_KEY) };
        assert_eq!(rejection(&verifier, &old).await, expected, "keep: {keep}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_rotation_within_the_cooldown_is_picked_up_after_it() {
    let provider = OidcProvider::at_the_root().await;
    let clock = TestClock::new();
    let verifier = provider.verifier(&["es256"]).clock(clock.clone()).build().unwrap();
    assert_eq!(rejection(&verifier, &provider.token("es256").await).await, None);
    provider.rotate(true).await;
    assert_eq!(rejection(&verifier, &provider.token("es256").await).await, None);
    provider.rotate(true).await;
    let newest = provider.token("es256").await;
    let before = provider.requests_to("/jwks").await;
    for _ in 0..100 {
        assert_eq!(rejection(&verifier, &newest).await, Some(UNKNOWN_KEY));
    }
    assert_eq!(provider.requests_to("/jwks").await, before);
    clock.advance(Duration::from_secs(10));
    assert_eq!(rejection(&verifier, &newest).await, None);
}
