//! Readiness and warm-up of several issuers.

use std::time::Duration;

use portcullis::{
    Algorithm, Issuers,
    testing::{Fault, TestIssuer},
    verify::Readiness,
};
use tokio::time::Instant;

use super::setup::{alpha_and_beta, trusting, verifier};

/// Each issuer, whether it is ready, and how many keys it has.
fn state(issuers: &Issuers) -> Vec<(String, bool, usize)> {
    let state = |one: &Readiness| (one.issuer().to_owned(), one.is_ready(), one.keys());
    issuers.readiness().iter().map(state).collect()
}

#[tokio::test]
async fn readiness_names_each_issuer_in_the_order_of_trust() {
    let names: Vec<_> = (0..20).map(|number| format!("https://issuer-{number}.test")).collect();
    let issuers = names.iter().fold(Issuers::builder(), |issuers, name| {
        issuers.trust(verifier(&TestIssuer::named(name)).build().unwrap())
    });
    let issuers = issuers.build().unwrap();
    let reported: Vec<_> = issuers.readiness().iter().map(|one| one.issuer().to_owned()).collect();
    assert_eq!(reported, names);
}

#[tokio::test]
async fn building_fetches_nothing_and_warm_up_fetches_each_once() {
    let (alpha, beta) = alpha_and_beta();
    let issuers = trusting([verifier(&alpha), verifier(&beta)]);
    let (name, other) = (alpha.issuer().to_owned(), beta.issuer().to_owned());
    assert_eq!(state(&issuers), [(name.clone(), false, 0), (other.clone(), false, 0)]);
    assert_eq!((alpha.requests_to("/jwks"), beta.requests_to("/jwks")), (0, 0));

    for _ in 0..2 {
        issuers.warm_up().await.unwrap();
        assert_eq!(state(&issuers), [(name.clone(), true, 2), (other.clone(), true, 2)]);
        assert_eq!((alpha.requests_to("/jwks"), beta.requests_to("/jwks")), (1, 1));
    }
}

#[tokio::test]
async fn warm_up_reports_a_failure_and_fetches_the_others() {
    for failing in [0, 1, 2] {
        let all = ["a", "b", "c"].map(|name| TestIssuer::named(format!("https://{name}.test")));
        all.iter().for_each(|issuer| issuer.publish(Algorithm::Es256));
        let issuers = trusting(all.each_ref().map(verifier));
        all[failing].fail(Fault::Status(502));

        let error = issuers.warm_up().await.unwrap_err();
        assert_eq!(error.status(), 503);
        let readiness = issuers.readiness();
        for (index, one) in readiness.iter().enumerate() {
            assert_eq!(one.is_ready(), index != failing, "{one:?}");
            assert_eq!(one.last_error().is_some(), index == failing, "{one:?}");
        }
        let reason = readiness[failing].last_error().unwrap();
        assert!(reason.contains(all[failing].issuer()) && reason.contains("502"), "{reason}");

        all[failing].recover();
        all[failing].clock().advance(readiness[failing].next_fetch().unwrap());
        issuers.warm_up().await.unwrap();
        assert!(issuers.readiness().iter().all(Readiness::is_ready));
    }
}

#[tokio::test(start_paused = true)]
async fn warm_up_fetches_concurrently() {
    let all = ["a", "b", "c"].map(|name| TestIssuer::named(format!("https://{name}.test")));
    all.iter().for_each(|issuer| issuer.fail(Fault::Hang));
    let issuers = trusting(all.each_ref().map(verifier));
    let start = Instant::now();
    assert_eq!(issuers.warm_up().await.unwrap_err().status(), 503);
    assert_eq!(start.elapsed(), Duration::from_secs(5), "the time-out of one fetch");
}

#[tokio::test]
async fn configured_keys_are_ready_without_a_fetch() {
    let (alpha, beta) = alpha_and_beta();
    let issuers = trusting([verifier(&alpha).jwk_set(alpha.jwk_set()), verifier(&beta)]);
    let readiness = issuers.readiness();
    assert!(readiness[0].is_ready() && readiness[0].next_fetch().is_none());
    assert!(!readiness[1].is_ready() && readiness[1].next_fetch() == Some(Duration::ZERO));

    beta.fail(Fault::Unreachable);
    assert_eq!(issuers.warm_up().await.unwrap_err().status(), 503);
    assert!(issuers.readiness()[0].is_ready());
}
