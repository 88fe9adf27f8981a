//! An issuer that moves from ES256 to ML-DSA (RFC 9964).

use portcullis::{
    Algorithm, ErrorKind, JwtVerifier,
    error::TokenFault,
    testing::{TestIssuer, TokenBuilder},
};

use crate::support::{
    API, issuer_with,
    outcome::{
        ACCEPTED, DAY, UNKNOWN_KEY, immediate_outcome, outcome, pass, run_until_idle, seconds,
    },
};

fn token(issuer: &TestIssuer, algorithm: Algorithm) -> String {
    let token: TokenBuilder = issuer.token().algorithm(algorithm).audience(API);
    token.expires_in(10 * DAY).mint()
}

/// An issuer that signs with ES256, and a verifier that has its keys.
async fn set_up() -> (TestIssuer, JwtVerifier, String) {
    let issuer = issuer_with([Algorithm::Es256]);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let old = token(&issuer, Algorithm::Es256);
    assert_eq!(outcome(&verifier, &old).await, ACCEPTED);
    (issuer, verifier, old)
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_published_in_advance_is_known_when_it_is_used() {
    let (issuer, verifier, old) = set_up().await;
    issuer.publish(Algorithm::MlDsa65);
    // A request after 80 % of the lifetime of the keys has them refreshed.
    issuer.clock().advance(seconds(480));
    assert_eq!(immediate_outcome(&verifier, &old), Some(ACCEPTED));
    run_until_idle().await;
    assert_eq!(issuer.requests_to("/jwks"), 2);

    let new = token(&issuer, Algorithm::MlDsa65);
    assert_eq!(immediate_outcome(&verifier, &new), Some(ACCEPTED));
    assert_eq!(immediate_outcome(&verifier, &old), Some(ACCEPTED), "both during the change");
    assert_eq!(issuer.requests_to("/jwks"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_new_is_fetched_once() {
    for algorithm in [Algorithm::MlDsa44, Algorithm::MlDsa65, Algorithm::MlDsa87] {
        let (issuer, verifier, old) = set_up().await;
        issuer.rotate_keys(true);
        let new = token(&issuer, algorithm);
        let (one, other) = tokio::join!(outcome(&verifier, &new), outcome(&verifier, &new));
        assert_eq!([one, other], [ACCEPTED, ACCEPTED], "{algorithm}");
        assert_eq!(issuer.requests_to("/jwks"), 2, "{algorithm}");
        assert_eq!(immediate_outcome(&verifier, &old), Some(ACCEPTED), "{algorithm}");
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_of_the_withdrawn_key_are_rejected_after_the_change() {
    let (issuer, verifier, old) = set_up().await;
    issuer.rotate_keys(false);
    let new = token(&issuer, Algorithm::MlDsa65);
    assert_eq!(outcome(&verifier, &new).await, ACCEPTED);
    // Past the cool-down, so that the rejection is of a fresh set.
    pass(&issuer.clock(), seconds(11)).await;
    assert_eq!(outcome(&verifier, &old).await, UNKNOWN_KEY);
    assert_eq!(outcome(&verifier, &new).await, ACCEPTED);
    assert!(issuer.jwk_set().contains("ML-DSA-65"));
    assert!(!issuer.jwk_set().contains("P-256"));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_configures_its_algorithms_has_to_add_ml_dsa() {
    const REJECTED: Result<(), ErrorKind> = Err(ErrorKind::InvalidToken(TokenFault::Algorithm));

    let issuer = issuer_with([Algorithm::Es256]);
    let build = |algorithms: &[Algorithm]| {
        let verifier = issuer.verifier().audience(API).algorithms(algorithms.iter().copied());
        verifier.build().unwrap()
    };
    let (before, after) =
        (build(&[Algorithm::Es256]), build(&[Algorithm::Es256, Algorithm::MlDsa65]));
    let old = token(&issuer, Algorithm::Es256);
    for verifier in [&before, &after] {
        assert_eq!(outcome(verifier, &old).await, ACCEPTED);
    }
    issuer.rotate_keys(true);
    let new = token(&issuer, Algorithm::MlDsa65);
    let fetches = issuer.requests_to("/jwks");
    assert_eq!(outcome(&before, &new).await, REJECTED);
    assert_eq!(issuer.requests_to("/jwks"), fetches, "a rejected algorithm causes no fetch");
    assert_eq!(outcome(&after, &new).await, ACCEPTED);

    let explanation = before.explain(&new).await.to_string();
    assert!(explanation.contains("ML-DSA-65"), "{explanation}");
    assert!(explanation.contains("add it to `algorithms`"), "{explanation}");
}
