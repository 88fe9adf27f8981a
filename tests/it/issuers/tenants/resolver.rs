//! Whom the resolver is asked for, and what becomes of its answers.

use portcullis::{
    AuthenticateLayer, Error, ErrorKind, Issuers, JwtVerifier, TokenFault, testing::TestIssuer,
};
use serde_json::json;

use super::directory::{Directory, PATTERN};
use crate::support::{API, Answer, send, whoami, with_token};

async fn ask(issuers: &Issuers, token: &str) -> Answer {
    send(&whoami().layer(AuthenticateLayer::bearer(issuers.clone())), with_token(token)).await
}

/// A token in a stranger's hand that names `iss`.
fn token_of(iss: &str) -> String {
    TestIssuer::new().token().audience(API).claim("iss", json!(iss)).mint()
}

#[tokio::test]
async fn a_tenant_s_tokens_are_judged_by_the_verifier_that_the_resolver_gives() {
    let directory = Directory::new(&["acme", "umbrella"]);
    let issuers = directory.issuers();
    for name in ["acme", "umbrella", "acme", "umbrella"] {
        let answer = ask(&issuers, &directory.token(name)).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, "alice"), "{name}");
    }
    assert_eq!((directory.asked_for("acme"), directory.asked_for("umbrella")), (1, 1));
    assert_eq!(directory.fetches(), 4, "metadata and keys of each, once");
    assert_eq!(directory.hosts(), ["https://login.test"]);
}

#[tokio::test]
async fn a_token_of_one_tenant_that_another_has_signed_is_rejected() {
    let directory = Directory::new(&["acme", "umbrella"]);
    let issuers = directory.issuers();
    let acme = directory.tenant("acme");
    let forged = directory.tenant("umbrella").token().audience(API);
    let forged = forged.claim("iss", json!(acme.issuer())).mint();
    for _ in 0..2 {
        let answer = ask(&issuers, &forged).await;
        let signature = ErrorKind::InvalidToken(TokenFault::Signature);
        assert_eq!(answer.error.map(|error| error.kind()), Some(signature));
        assert_eq!(ask(&issuers, &directory.token("acme")).await.status, 200);
    }
}

#[tokio::test]
async fn nobody_is_asked_about_issuers_of_another_form_and_nothing_is_fetched() {
    let directory = Directory::new(&["acme"]);
    let issuers = directory.issuers();
    for iss in [
        "https://login.test/acme/v2.0/",
        "https://login.test/acme/v2.0?",
        "https://login.test/acme/v2.0#",
        "https://login.test/acme/v1.0",
        "https://login.test/acme",
        "https://login.test//v2.0",
        "https://login.test/v2.0",
        "https://login.test/{tenant}/v2.0",
        "https://login.test/acme/umbrella/v2.0",
        "https://login.test/../v2.0",
        "https://login.test/./v2.0",
        "https://login.test/acme%2f..%2fumbrella/v2.0",
        "https://login.test/ac me/v2.0",
        "https://login.test/acme\u{0}/v2.0",
        "https://login.test/\u{e4}cme/v2.0",
        "https://login.test/@evil.example/v2.0",
        "https://login.test@evil.example/acme/v2.0",
        "https://login.test.evil.example/acme/v2.0",
        "https://evil.example/https://login.test/acme/v2.0",
        "https://evil.example/acme/v2.0",
        "http://login.test/acme/v2.0",
        "HTTPS://login.test/acme/v2.0",
        "https://LOGIN.test/acme/v2.0",
        "https://login.test:443/acme/v2.0",
        "//login.test/acme/v2.0",
        "acme",
        "",
    ] {
        let answer = ask(&issuers, &token_of(iss)).await;
        assert_eq!(answer.status, 401, "{iss}");
        let untrusted = ErrorKind::InvalidToken(TokenFault::Issuer);
        assert_eq!(answer.error.map(|error| error.kind()), Some(untrusted), "{iss}");
    }
    assert_eq!((directory.asked(), directory.fetches()), (0, 0));
}

#[tokio::test]
async fn a_tenant_in_the_host_name_leads_to_no_other_host() {
    let directory = Directory::new(&[]);
    let resolver = directory.clone();
    let issuers = directory.issuers_by("https://{tenant}.login.test", move |tenant| {
        let verifier = resolver.verifier(&tenant).build();
        async { verifier.map(Some).map_err(Error::misconfigured) }
    });
    for iss in [
        "https://evil.example/.login.test",
        "https://evil.example#.login.test",
        "https://evil.example?.login.test",
        "https://evil.example\\.login.test",
        "https://evil.example:443/.login.test",
        "https://user@evil.login.test",
        "https://127.0.0.1.login.test",
        "https://a.b.login.test",
        "https://.login.test",
        "https://login.test",
    ] {
        assert_eq!(ask(&issuers, &token_of(iss)).await.status, 401, "{iss}");
    }
    assert_eq!((directory.asked(), directory.fetches()), (0, 0));

    assert_eq!(ask(&issuers, &token_of("https://acme.login.test")).await.status, 503);
    assert_eq!(directory.asked_for("acme"), 1);
    assert_eq!(directory.hosts(), ["https://acme.login.test"]);
}

#[tokio::test]
async fn what_the_resolver_answers_is_what_the_caller_gets() {
    let misconfigured = || Error::misconfigured("no settings for this tenant");
    for (status, code, answer) in [
        (401, Some("invalid_token"), Ok(None)),
        (503, None, Err(Error::unavailable("the directory is down"))),
        (500, None, Err(misconfigured())),
        (403, None, Err(Error::access_denied())),
        (401, Some("invalid_token"), Err(TokenFault::Rejected.into())),
    ] {
        let directory = Directory::new(&["acme"]);
        let issuers = directory.issuers_by(PATTERN, move |_| {
            let answer = answer.clone();
            async { answer }
        });
        for times in 1..=2 {
            let answer = ask(&issuers, &directory.token("acme")).await;
            assert_eq!(answer.status, status);
            assert_eq!(answer.error.unwrap().code(), code);
            assert_eq!(directory.asked_for("acme"), times, "nothing of it is remembered");
        }
        assert_eq!(directory.fetches(), 0);
    }
}

#[tokio::test]
async fn an_unknown_tenant_is_an_issuer_that_is_not_trusted() {
    let directory = Directory::new(&["acme", "umbrella"]);
    let issuers = directory.issuers_where(|name| name == "acme");
    assert_eq!(ask(&issuers, &directory.token("acme")).await.status, 200);
    let answer = ask(&issuers, &directory.token("umbrella")).await;
    let challenge = answer.challenge().unwrap();
    assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    assert!(challenge.contains("Token issuer not trusted."), "{challenge}");
}

#[tokio::test]
async fn a_verifier_of_another_issuer_is_a_mistake_and_not_a_judge() {
    let directory = Directory::new(&["acme", "umbrella"]);
    let (resolver, umbrella) = (directory.clone(), directory.tenant("umbrella"));
    let issuers = directory.issuers_by(PATTERN, move |_| {
        let verifier = umbrella.verifier().audience(API).build().unwrap();
        async { Ok::<_, Error>(Some(verifier)) }
    });
    for _ in 0..2 {
        let answer = ask(&issuers, &directory.token("acme")).await;
        assert_eq!(answer.status, 500);
        let cause = answer.error.unwrap();
        let cause = std::error::Error::source(&cause).unwrap().to_string();
        for name in ["https://login.test/umbrella/v2.0", "https://login.test/acme/v2.0"] {
            assert!(cause.contains(name), "{cause}");
            assert!(!answer.body.contains(name), "{}", answer.body);
        }
    }
    // Nor does it judge its own tokens, which would have it looked up by another's name.
    assert_eq!(ask(&issuers, &directory.token("umbrella")).await.status, 200);
    assert_eq!(resolver.asked_for("umbrella"), 1);
}

#[tokio::test]
async fn patterns_are_tried_in_order_and_each_has_tenants_of_its_own() {
    let directory = Directory::new(&["acme"]);
    let first = directory.clone();
    let issuers = Issuers::builder()
        .tenants("https://login.test/{tenant}/v1.0", async |tenant| panic!("asked for {tenant:?}"))
        .tenants(PATTERN, move |tenant| {
            let verifier = first.verifier(&tenant).build();
            async { verifier.map(Some).map_err(Error::misconfigured) }
        })
        .tenants(PATTERN, async |tenant| panic!("asked for {tenant:?}"))
        .build()
        .unwrap();
    assert_eq!(ask(&issuers, &directory.token("acme")).await.status, 200);
}

#[tokio::test]
async fn tenants_are_not_listed_in_readiness() {
    let directory = Directory::new(&["acme"]);
    let own = TestIssuer::named("https://own.test");
    let verifier: JwtVerifier = own.verifier().audience(API).build().unwrap();
    let resolver = directory.clone();
    let issuers = Issuers::builder()
        .trust(verifier)
        .tenants(PATTERN, move |tenant| {
            let verifier = resolver.verifier(&tenant).build();
            async { verifier.map(Some).map_err(Error::misconfigured) }
        })
        .build()
        .unwrap();
    assert_eq!(ask(&issuers, &directory.token("acme")).await.status, 200);
    let names: Vec<_> = issuers.readiness().iter().map(|one| one.issuer().to_owned()).collect();
    assert_eq!(names, ["https://own.test"]);
}
