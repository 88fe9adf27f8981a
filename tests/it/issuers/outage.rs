//! The failure of one issuer doesn't affect the others.

use std::time::Duration;

use portcullis::{
    Algorithm, Clock, ErrorKind,
    error::TokenFault,
    testing::{Fault, TestClock, TestIssuer},
};
use serde_json::json;
use tokio::time::Instant;

use super::setup::{alpha_and_beta, protected, rejection_of, token, trusting, verifier};
use crate::support::{send, with_token};

const FAULTS: [Fault; 6] = [
    Fault::Html,
    Fault::Huge,
    Fault::Garbage,
    Fault::Redirect,
    Fault::Status(500),
    Fault::Unreachable,
];

#[tokio::test]
async fn a_failing_issuer_affects_only_its_own_tokens() {
    for failure in FAULTS {
        let (alpha, beta) = alpha_and_beta();
        let app = protected(&trusting([verifier(&alpha), verifier(&beta)]));
        alpha.fail(failure);
        for _ in 0..3 {
            let of_alpha = send(&app, with_token(&token(&alpha).mint())).await;
            assert_eq!(of_alpha.status, 503, "{failure:?}");
            assert!(of_alpha.headers.contains_key("retry-after"), "{failure:?}");
            assert_eq!(
                send(&app, with_token(&token(&beta).mint())).await.status,
                200,
                "{failure:?}"
            );
        }
        assert_eq!(beta.requests_to("/jwks"), 1, "{failure:?}");

        alpha.recover();
        alpha.clock().advance(Duration::from_secs(61));
        assert_eq!(send(&app, with_token(&token(&alpha).mint())).await.status, 200, "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_issuer_does_not_delay_tokens_of_others() {
    let (alpha, beta) = alpha_and_beta();
    let app = protected(&trusting([verifier(&alpha), verifier(&beta)]));
    alpha.fail(Fault::Hang);
    let start = Instant::now();

    let (waiting, of_alpha) = (app.clone(), with_token(&token(&alpha).mint()));
    let of_alpha = tokio::spawn(async move { send(&waiting, of_alpha).await });
    for _ in 0..100 {
        assert_eq!(send(&app, with_token(&token(&beta).mint())).await.status, 200);
    }
    assert!(!of_alpha.is_finished());
    assert_eq!(start.elapsed(), Duration::ZERO, "tokens of beta don't wait");

    assert_eq!(of_alpha.await.unwrap().status, 503);
    assert_eq!(start.elapsed(), Duration::from_secs(5), "the time-out of a fetch");
}

#[tokio::test]
async fn the_refetch_cooldown_is_separate_for_each_issuer() {
    // One clock for both, so that both cooldowns could end at the same time.
    let (alpha, beta, clock) = (
        TestIssuer::named("https://alpha.test"),
        TestIssuer::named("https://beta.test"),
        TestClock::new(),
    );
    for issuer in [&alpha, &beta] {
        issuer.publish(Algorithm::Es256);
    }
    let issuers =
        trusting([verifier(&alpha).clock(clock.clone()), verifier(&beta).clock(clock.clone())]);
    for issuer in [&alpha, &beta] {
        assert_eq!(rejection_of(&issuers, &token(issuer).mint()).await, None);
    }

    let unknown = Some(ErrorKind::InvalidToken(TokenFault::UnknownKey));
    for number in 0..100 {
        let unknown_kid = token(&alpha).header("kid", json!(format!("unknown-{number}"))).mint();
        assert_eq!(rejection_of(&issuers, &unknown_kid).await, unknown);
    }
    assert_eq!(alpha.requests_to("/jwks"), 2, "one refetch for all unknown `kid`s");
    assert_eq!(beta.requests_to("/jwks"), 1, "no refetch from beta");

    beta.rotate_keys(false);
    assert_eq!(
        rejection_of(&issuers, &token(&beta).mint()).await,
        None,
        "beta is refetched immediately"
    );
    alpha.rotate_keys(false);
    assert_eq!(
        rejection_of(&issuers, &token(&alpha).mint()).await,
        unknown,
        "alpha is in its cooldown"
    );
    clock.advance(Duration::from_secs(10));
    assert_eq!(
        rejection_of(&issuers, &token(&alpha).mint()).await,
        None,
        "alpha is refetched after the cooldown"
    );
}

#[tokio::test]
async fn the_outage_tolerance_is_separate_for_each_issuer() {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let (alpha, beta) = alpha_and_beta();
    let clock = alpha.clock();
    let start = clock.now();
    let issuers = trusting([
        verifier(&alpha).outage_tolerance(HOUR),
        verifier(&beta).outage_tolerance(HOUR * 3).clock(clock.clone()),
    ]);
    let valid = |issuer: &TestIssuer| token(issuer).expires_in(HOUR * 24).mint();
    let (of_alpha, of_beta) = (valid(&alpha), valid(&beta));
    for token in [&of_alpha, &of_beta] {
        assert_eq!(rejection_of(&issuers, token).await, None);
    }

    alpha.fail(Fault::Unreachable);
    beta.fail(Fault::Unreachable);
    for (hours, alpha_accepted, beta_accepted) in
        [(1, true, true), (2, false, true), (4, false, false)]
    {
        clock.set(start + HOUR * hours);
        for (token, accepted) in [(&of_alpha, alpha_accepted), (&of_beta, beta_accepted)] {
            let rejection = (!accepted).then_some(ErrorKind::Unavailable);
            assert_eq!(rejection_of(&issuers, token).await, rejection, "after {hours} h");
        }
    }
}
