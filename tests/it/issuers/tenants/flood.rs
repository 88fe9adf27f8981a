//! Floods of tokens that name unknown tenants.

use portcullis::{Algorithm, Error, ErrorKind, Issuers, error::TokenFault, testing::TestIssuer};
use serde_json::json;

use super::directory::{Directory, PATTERN};
use crate::support::{API, outcome::verify_token};

/// How many tenants are kept at most, as documented.
const MAX_VERIFIED: usize = 1000;
const MAX_UNVERIFIED: usize = 100;

async fn rejection(issuers: &Issuers, token: &str) -> Option<ErrorKind> {
    verify_token(issuers, token).await.err().map(|error| error.kind())
}

/// Tokens of that many tenants that don't exist, signed with the key of an attacker.
fn unknown_tenants(count: usize) -> impl Iterator<Item = String> {
    let attacker = TestIssuer::new();
    (0..count).map(move |number| {
        let issuer = PATTERN.replace("{tenant}", &format!("unknown-{number}"));
        attacker.token().audience(API).claim("iss", json!(issuer)).mint()
    })
}

#[tokio::test]
async fn unknown_tenants_evict_no_verified_one_and_memory_is_bounded() {
    const COUNT: usize = 10_000;
    let directory = Directory::new(&["acme", "umbrella"]);
    let issuers = directory.issuers();
    for name in ["acme", "umbrella"] {
        assert_eq!(rejection(&issuers, &directory.token(name)).await, None);
    }

    let mut most = 0;
    for token in unknown_tenants(COUNT) {
        assert_eq!(rejection(&issuers, &token).await, Some(ErrorKind::Unavailable));
        most = most.max(directory.verifiers());
    }
    assert_eq!(directory.resolutions(), COUNT + 2);
    assert!(most <= MAX_UNVERIFIED + 3, "{most} verifiers were in memory");
    for name in ["acme", "umbrella"] {
        assert_eq!(rejection(&issuers, &directory.token(name)).await, None);
        assert_eq!(directory.resolutions_of(name), 1, "{name} wasn't evicted");
    }
    assert_eq!(directory.hosts(), ["https://login.test"]);

    drop(issuers);
    assert_eq!(directory.verifiers(), 0);
}

#[tokio::test]
async fn tenants_that_do_not_resolve_use_no_memory_and_no_fetches() {
    let directory = Directory::new(&["acme"]);
    let issuers = directory.issuers_where(|name| name == "acme");
    let untrusted = Some(ErrorKind::InvalidToken(TokenFault::Issuer));
    for token in unknown_tenants(10_000) {
        assert_eq!(rejection(&issuers, &token).await, untrusted);
        assert_eq!(directory.verifiers(), 0);
    }
    assert_eq!(directory.fetches(), 0);
    assert_eq!(rejection(&issuers, &directory.token("acme")).await, None);
}

#[tokio::test]
async fn a_rejected_token_does_not_mark_a_tenant_as_verified() {
    type MakeInvalid = fn(&TestIssuer) -> String;
    let rejected: [(&str, MakeInvalid); 4] = [
        ("another audience", |acme| acme.token().audience("https://other.example").mint()),
        ("no audience", |acme| acme.token().mint()),
        ("expired", |acme| acme.token().audience(API).claim("exp", json!(0)).mint()),
        ("forged", |acme| {
            TestIssuer::new().token().audience(API).claim("iss", json!(acme.issuer())).mint()
        }),
    ];
    for (case, token) in rejected {
        let directory = Directory::new(&["acme"]);
        let issuers = directory.issuers();
        for (number, unknown_tenants) in unknown_tenants(600).enumerate() {
            assert!(rejection(&issuers, &unknown_tenants).await.is_some());
            if number == 300 {
                let rejected = token(&directory.tenant("acme"));
                assert!(rejection(&issuers, &rejected).await.is_some(), "{case}");
            }
        }
        assert_eq!(rejection(&issuers, &directory.token("acme")).await, None, "{case}");
        assert_eq!(directory.resolutions_of("acme"), 2, "{case}: it was evicted");
    }
}

#[tokio::test]
async fn a_valid_token_that_joins_a_fetch_marks_its_tenant_verified() {
    let directory = Directory::new(&["acme"]);
    let issuers = directory.issuers();
    let token = directory.token("acme");
    {
        // Cancelled as soon as the fetch has started.
        let mut first = Box::pin(verify_token(&issuers, &token));
        let started = std::future::poll_fn(|cx| std::task::Poll::Ready(first.as_mut().poll(cx)));
        assert!(started.await.is_pending());
    }
    assert_eq!(directory.resolutions_of("acme"), 1);
    assert_eq!(rejection(&issuers, &token).await, None);
    for unknown_tenants in unknown_tenants(300) {
        assert!(rejection(&issuers, &unknown_tenants).await.is_some());
    }
    assert_eq!(rejection(&issuers, &token).await, None);
    assert_eq!(directory.resolutions_of("acme"), 1, "the valid token has marked it as verified");
}

#[tokio::test]
async fn the_number_of_verified_tenants_is_bounded() {
    let directory = Directory::new(&[]);
    let keys = TestIssuer::new();
    keys.publish(Algorithm::Es256);
    let (resolver, set) = (directory.clone(), keys.jwk_set());
    let issuers = directory.issuers_by(PATTERN, move |tenant| {
        let verifier = resolver.verifier(&tenant).jwk_set(set.clone()).build();
        async { verifier.map(Some).map_err(Error::misconfigured) }
    });
    let token = |number: usize| {
        let issuer = PATTERN.replace("{tenant}", &format!("tenant-{number}"));
        keys.token().audience(API).claim("iss", json!(issuer)).mint()
    };
    for number in 0..2 * MAX_VERIFIED {
        assert_eq!(rejection(&issuers, &token(number)).await, None);
        assert!(directory.verifiers() <= MAX_VERIFIED + MAX_UNVERIFIED, "after {number}");
    }
    // Evicted tenants are resolved again.
    for number in 0..2 * MAX_VERIFIED {
        assert_eq!(rejection(&issuers, &token(number)).await, None);
    }
}
