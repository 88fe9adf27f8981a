//! One issuer fails; the others don't notice.

use std::time::Duration;

use portcullis::{
    Algorithm, Clock, ErrorKind, TokenFault,
    testing::{Fault, TestClock, TestIssuer},
};
use serde_json::json;
use tokio::time::Instant;

use super::setup::{alpha_and_beta, fault, protected, token, trusting, verifier};
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
async fn an_issuer_that_fails_makes_its_own_tokens_503_and_no_others() {
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
async fn an_issuer_that_never_answers_holds_up_nobody_else() {
    let (alpha, beta) = alpha_and_beta();
    let app = protected(&trusting([verifier(&alpha), verifier(&beta)]));
    alpha.fail(Fault::Hang);
    let begin = Instant::now();

    let (waiting, of_alpha) = (app.clone(), with_token(&token(&alpha).mint()));
    let of_alpha = tokio::spawn(async move { send(&waiting, of_alpha).await });
    for _ in 0..100 {
        assert_eq!(send(&app, with_token(&token(&beta).mint())).await.status, 200);
    }
    assert!(!of_alpha.is_finished());
    assert_eq!(begin.elapsed(), Duration::ZERO, "no time has passed for tokens of beta");

    assert_eq!(of_alpha.await.unwrap().status, 503);
    assert_eq!(begin.elapsed(), Duration::from_secs(5), "a fetch is given up after that");
}

#[tokio::test]
async fn made_up_keys_of_one_issuer_use_up_nothing_of_another() {
    // One clock for both, so that their times can be told apart from each other's.
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
        assert_eq!(fault(&issuers, &token(issuer).mint()).await, None);
    }

    let unknown = Some(ErrorKind::InvalidToken(TokenFault::UnknownKey));
    for number in 0..100 {
        let made_up = token(&alpha).header("kid", json!(format!("made-up-{number}"))).mint();
        assert_eq!(fault(&issuers, &made_up).await, unknown);
    }
    assert_eq!(alpha.requests_to("/jwks"), 2, "one refetch for all that was made up");
    assert_eq!(beta.requests_to("/jwks"), 1, "none of it for beta");

    beta.rotate_keys(false);
    assert_eq!(
        fault(&issuers, &token(&beta).mint()).await,
        None,
        "beta's rotation is seen at once"
    );
    alpha.rotate_keys(false);
    assert_eq!(fault(&issuers, &token(&alpha).mint()).await, unknown, "alpha cools down");
    clock.advance(Duration::from_secs(10));
    assert_eq!(fault(&issuers, &token(&alpha).mint()).await, None, "and is asked again");
}

#[tokio::test]
async fn each_issuer_s_keys_serve_through_its_outage_as_long_as_its_own_settings_say() {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let (alpha, beta) = alpha_and_beta();
    let clock = alpha.clock();
    let start = clock.now();
    let issuers = trusting([
        verifier(&alpha).outage_tolerance(HOUR),
        verifier(&beta).outage_tolerance(HOUR * 3).clock(clock.clone()),
    ]);
    let good = |issuer: &TestIssuer| token(issuer).expires_in(HOUR * 24).mint();
    let (of_alpha, of_beta) = (good(&alpha), good(&beta));
    for token in [&of_alpha, &of_beta] {
        assert_eq!(fault(&issuers, token).await, None);
    }

    alpha.fail(Fault::Unreachable);
    beta.fail(Fault::Unreachable);
    for (hours, alpha_serves, beta_serves) in [(1, true, true), (2, false, true), (4, false, false)]
    {
        clock.set(start + HOUR * hours);
        for (token, serves) in [(&of_alpha, alpha_serves), (&of_beta, beta_serves)] {
            let rejection = (!serves).then_some(ErrorKind::Unavailable);
            assert_eq!(fault(&issuers, token).await, rejection, "after {hours} h");
        }
    }
}
