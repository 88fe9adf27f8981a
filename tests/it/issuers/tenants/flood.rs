//! Tenants that a stranger makes up.

use portcullis::{Algorithm, Error, ErrorKind, Issuers, TokenFault, testing::TestIssuer};
use serde_json::json;

use super::directory::{Directory, PATTERN};
use crate::support::{API, verdict::judge};

/// What is kept of tenants at most, as the documentation says.
const MAX_PROVEN: usize = 1000;
const MAX_UNPROVEN: usize = 100;

async fn rejection(issuers: &Issuers, token: &str) -> Option<ErrorKind> {
    judge(issuers, token).await.err().map(|error| error.kind())
}

/// Tokens of that many tenants that nobody has, signed with a stranger's key.
fn made_up(count: usize) -> impl Iterator<Item = String> {
    let stranger = TestIssuer::new();
    (0..count).map(move |number| {
        let issuer = PATTERN.replace("{tenant}", &format!("made-up-{number}"));
        stranger.token().audience(API).claim("iss", json!(issuer)).mint()
    })
}

#[tokio::test]
async fn ten_thousand_made_up_tenants_push_out_no_proven_one_and_take_bounded_memory() {
    const COUNT: usize = 10_000;
    let directory = Directory::new(&["acme", "umbrella"]);
    let issuers = directory.issuers();
    for name in ["acme", "umbrella"] {
        assert_eq!(rejection(&issuers, &directory.token(name)).await, None);
    }

    let mut most = 0;
    for token in made_up(COUNT) {
        assert_eq!(rejection(&issuers, &token).await, Some(ErrorKind::Unavailable));
        most = most.max(directory.verifiers());
    }
    assert_eq!(directory.asked(), COUNT + 2);
    assert!(most <= MAX_UNPROVEN + 3, "{most} verifiers were in memory");
    for name in ["acme", "umbrella"] {
        assert_eq!(rejection(&issuers, &directory.token(name)).await, None);
        assert_eq!(directory.asked_for(name), 1, "{name} is still known");
    }
    assert_eq!(directory.hosts(), ["https://login.test"]);

    drop(issuers);
    assert_eq!(directory.verifiers(), 0);
}

#[tokio::test]
async fn made_up_tenants_that_the_resolver_does_not_know_cost_neither_memory_nor_fetches() {
    let directory = Directory::new(&["acme"]);
    let issuers = directory.issuers_where(|name| name == "acme");
    let untrusted = Some(ErrorKind::InvalidToken(TokenFault::Issuer));
    for token in made_up(10_000) {
        assert_eq!(rejection(&issuers, &token).await, untrusted);
        assert_eq!(directory.verifiers(), 0);
    }
    assert_eq!(directory.fetches(), 0);
    assert_eq!(rejection(&issuers, &directory.token("acme")).await, None);
}

#[tokio::test]
async fn a_tenant_is_not_proven_by_a_token_that_is_rejected() {
    type Spoil = fn(&TestIssuer) -> String;
    let rejected: [(&str, Spoil); 4] = [
        ("another audience", |acme| acme.token().audience("https://other.example").mint()),
        ("no audience", |acme| acme.token().mint()),
        ("expired", |acme| acme.token().audience(API).claim("exp", json!(0)).mint()),
        ("forged", |acme| {
            TestIssuer::new().token().audience(API).claim("iss", json!(acme.issuer())).mint()
        }),
    ];
    for (what, token) in rejected {
        let directory = Directory::new(&["acme"]);
        let issuers = directory.issuers();
        for (number, made_up) in made_up(600).enumerate() {
            assert!(rejection(&issuers, &made_up).await.is_some());
            if number == 300 {
                let rejected = token(&directory.tenant("acme"));
                assert!(rejection(&issuers, &rejected).await.is_some(), "{what}");
            }
        }
        assert_eq!(rejection(&issuers, &directory.token("acme")).await, None, "{what}");
        assert_eq!(directory.asked_for("acme"), 2, "{what}: it was pushed out by the others");
    }
}

#[tokio::test]
async fn a_tenant_whose_first_good_token_waits_for_keys_of_another_s_fetch_is_proven_by_it() {
    let directory = Directory::new(&["acme"]);
    let issuers = directory.issuers();
    let token = directory.token("acme");
    {
        // Given up as soon as the fetch is under way.
        let mut first = Box::pin(judge(&issuers, &token));
        let begun = std::future::poll_fn(|cx| std::task::Poll::Ready(first.as_mut().poll(cx)));
        assert!(begun.await.is_pending());
    }
    assert_eq!(directory.asked_for("acme"), 1);
    assert_eq!(rejection(&issuers, &token).await, None);
    for made_up in made_up(300) {
        assert!(rejection(&issuers, &made_up).await.is_some());
    }
    assert_eq!(rejection(&issuers, &token).await, None);
    assert_eq!(directory.asked_for("acme"), 1, "the good token has proven it");
}

#[tokio::test]
async fn proven_tenants_are_bounded_too() {
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
    for number in 0..2 * MAX_PROVEN {
        assert_eq!(rejection(&issuers, &token(number)).await, None);
        assert!(directory.verifiers() <= MAX_PROVEN + MAX_UNPROVEN, "after {number}");
    }
    // Whoever was pushed out is simply asked for anew.
    for number in 0..2 * MAX_PROVEN {
        assert_eq!(rejection(&issuers, &token(number)).await, None);
    }
}
