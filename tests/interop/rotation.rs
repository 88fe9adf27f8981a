//! New keys, with the old ones kept or withdrawn.

use std::time::Duration;

use portcullis::testing::TestClock;

use crate::servers::{Glewlwyd, OidcProvider, UNKNOWN_KEY, rejection};

#[tokio::test]
#[ignore = "needs a running server"]
async fn oidc_provider_s_new_key_is_accepted_at_once_and_its_old_one_as_long_as_it_stays() {
    for provider in [OidcProvider::at_the_root().await, OidcProvider::at_a_path().await] {
        for keep in [true, false] {
            let verifier = provider.verifier(&["es256", "rs256"]).build().unwrap();
            let old = provider.token("es256").await;
            assert_eq!(rejection(&verifier, &old).await, None);
            provider.rotate(keep).await;
            assert_eq!(rejection(&verifier, &old).await, None, "nobody has looked yet");
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
async fn glewlwyd_s_new_key_is_accepted_at_once_and_its_old_one_as_long_as_it_stays() {
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
async fn a_second_rotation_within_the_cool_down_is_picked_up_after_it() {
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
