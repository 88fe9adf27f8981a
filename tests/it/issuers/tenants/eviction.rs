//! Eviction of unused tenants.

use std::time::Duration;

use portcullis::{Error, Issuers, issuers::Tenant, testing::TestClock};

use super::directory::{Directory, PATTERN};
use crate::support::{API, outcome::verify_token};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Issuers that cache tokens, and use this clock.
fn issuers(directory: &Directory, clock: &TestClock) -> Issuers {
    let (directory, clock) = (directory.clone(), clock.clone());
    let resolve = move |tenant: Tenant| {
        let verifier = directory.verifier(&tenant).clock(clock.clone()).build();
        async move { verifier.map(Some).map_err(Error::misconfigured) }
    };
    Issuers::builder().tenants(PATTERN, resolve).build().unwrap()
}

fn token(directory: &Directory, name: &str) -> String {
    let token = directory.tenant(name).token().audience(API);
    token.expires_in(HOUR * 24 * 365).mint()
}

#[tokio::test]
async fn a_tenant_unused_for_three_days_is_evicted_with_its_keys() {
    let directory = Directory::new(&["acme", "umbrella"]);
    let clock = TestClock::new();
    let issuers = issuers(&directory, &clock);
    let (acme, umbrella) = (token(&directory, "acme"), token(&directory, "umbrella"));
    for token in [&acme, &umbrella] {
        verify_token(&issuers, token).await.unwrap();
    }
    assert_eq!(directory.verifiers(), 2);
    for hour in 1..=72 {
        clock.advance(HOUR);
        verify_token(&issuers, &acme).await.unwrap();
        assert_eq!(directory.verifiers(), if hour < 72 { 2 } else { 1 }, "after {hour} h");
    }
    // It is resolved again on its next token.
    verify_token(&issuers, &umbrella).await.unwrap();
    assert_eq!(directory.verifiers(), 2);
}

#[tokio::test]
async fn a_tenant_used_within_three_days_is_not_evicted() {
    let directory = Directory::new(&["acme", "umbrella"]);
    let clock = TestClock::new();
    let resolved = directory.clone();
    let verifiers = clock.clone();
    let issuers = directory.issuers_by(PATTERN, move |tenant| {
        let verifier = resolved.verifier(&tenant).clock(verifiers.clone()).build();
        async move { verifier.map(Some).map_err(Error::misconfigured) }
    });
    let (often, rarely) = (token(&directory, "acme"), token(&directory, "umbrella"));
    for _ in 0..5 {
        verify_token(&issuers, &rarely).await.unwrap();
        for _ in 0..71 {
            clock.advance(HOUR);
            verify_token(&issuers, &often).await.unwrap();
            assert_eq!(directory.verifiers(), 2);
        }
    }
    // An hour apart, to find out whether the tenant is still known.
    let resolutions = (directory.resolutions_of("acme"), directory.resolutions_of("umbrella"));
    assert_eq!(resolutions, (5 * 71, 5));
}

#[tokio::test]
async fn a_clock_set_back_evicts_no_tenant() {
    let directory = Directory::new(&["acme", "umbrella"]);
    let clock = TestClock::new();
    let issuers = issuers(&directory, &clock);
    let (acme, umbrella) = (token(&directory, "acme"), token(&directory, "umbrella"));
    let start = portcullis::Clock::now(&clock);
    clock.advance(HOUR * 24);
    for token in [&acme, &umbrella] {
        verify_token(&issuers, token).await.unwrap();
    }
    clock.set(start);
    for _ in 0..24 {
        clock.advance(HOUR);
        verify_token(&issuers, &acme).await.unwrap();
    }
    assert_eq!(directory.verifiers(), 2);
}
