//! Which tenants are resolved, and how the result of the resolver is used.

use portcullis::{
    AuthenticateLayer, Error, ErrorKind, Issuers, JwtVerifier, error::TokenFault,
    testing::TestIssuer,
};
use serde_json::json;

use super::directory::{Directory, PATTERN};
use crate::support::{API, TestResponse, send, whoami, with_token};

async fn ask(issuers: &Issuers, token: &str) -> TestResponse {
    send(&whoami().layer(AuthenticateLayer::bearer(issuers.clone())), with_token(token)).await
}

/// A token that names `iss`, signed by an attacker.
fn token_of(iss: &str) -> String {
    TestIssuer::new().token().audience(API).claim("iss", json!(iss)).mint()
}

#[tokio::test]
async fn tokens_are_verified_by_the_verifier_of_their_tenant() {
    let directory = Directory::new(&["acme", "umbrella"]);
    let issuers = directory.issuers();
    for name in ["acme", "umbrella", "acme", "umbrella"] {
        let response = ask(&issuers, &directory.token(name)).await;
        assert_eq!((response.status.as_u16(), &*response.body), (200, "alice"), "{name}");
    }
    assert_eq!((directory.resolutions_of("acme"), directory.resolutions_of("umbrella")), (1, 1));
    assert_eq!(directory.fetches(), 4, "metadata and keys of each, once");
    assert_eq!(directory.hosts(), ["https://login.test"]);
}

#[tokio::test]
async fn a_token_signed_by_another_tenant_is_rejected() {
    let directory = Directory::new(&["acme", "umbrella"]);
    let issuers = directory.issuers();
    let acme = directory.tenant("acme");
    let forged = directory.tenant("umbrella").token().audience(API);
    let forged = forged.claim("iss", json!(acme.issuer())).mint();
    for _ in 0..2 {
        let response = ask(&issuers, &forged).await;
        let signature = ErrorKind::InvalidToken(TokenFault::Signature);
        assert_eq!(response.error.map(|error| error.kind()), Some(signature));
        assert_eq!(ask(&issuers, &directory.token("acme")).await.status, 200);
    }
}

#[tokio::test]
async fn issuers_that_do_not_match_the_pattern_are_not_resolved() {
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
        let response = ask(&issuers, &token_of(iss)).await;
        assert_eq!(response.status, 401, "{iss}");
        let untrusted = ErrorKind::InvalidToken(TokenFault::Issuer);
        assert_eq!(response.error.map(|error| error.kind()), Some(untrusted), "{iss}");
    }
    assert_eq!((directory.resolutions(), directory.fetches()), (0, 0));
}

#[tokio::test]
async fn a_tenant_in_the_host_name_cannot_change_the_domain() {
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
    assert_eq!((directory.resolutions(), directory.fetches()), (0, 0));

    assert_eq!(ask(&issuers, &token_of("https://acme.login.test")).await.status, 503);
    assert_eq!(directory.resolutions_of("acme"), 1);
    assert_eq!(directory.hosts(), ["https://acme.login.test"]);
}

#[tokio::test]
async fn errors_of_the_resolver_are_returned_and_not_cached() {
    let misconfigured = || Error::misconfigured("no settings for this tenant");
    for (status, code, response) in [
        (401, Some("invalid_token"), Ok(None)),
        (503, None, Err(Error::unavailable("the directory is down"))),
        (500, None, Err(misconfigured())),
        (403, None, Err(Error::access_denied())),
        (401, Some("invalid_token"), Err(TokenFault::Rejected.into())),
    ] {
        let directory = Directory::new(&["acme"]);
        let issuers = directory.issuers_by(PATTERN, move |_| {
            let response = response.clone();
            async { response }
        });
        for times in 1..=2 {
            let response = ask(&issuers, &directory.token("acme")).await;
            assert_eq!(response.status, status);
            assert_eq!(response.error.unwrap().code(), code);
            assert_eq!(directory.resolutions_of("acme"), times, "it isn't cached");
        }
        assert_eq!(directory.fetches(), 0);
    }
}

#[tokio::test]
async fn an_unknown_tenant_is_an_untrusted_issuer() {
    let directory = Directory::new(&["acme", "umbrella"]);
    let issuers = directory.issuers_where(|name| name == "acme");
    assert_eq!(ask(&issuers, &directory.token("acme")).await.status, 200);
    let response = ask(&issuers, &directory.token("umbrella")).await;
    let challenge = response.challenge().unwrap();
    assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    assert!(challenge.contains("Token issuer not trusted."), "{challenge}");
}

#[tokio::test]
async fn a_resolved_verifier_of_another_issuer_is_a_misconfiguration() {
    let directory = Directory::new(&["acme", "umbrella"]);
    let (resolver, umbrella) = (directory.clone(), directory.tenant("umbrella"));
    let issuers = directory.issuers_by(PATTERN, move |_| {
        let verifier = umbrella.verifier().audience(API).build().unwrap();
        async { Ok::<_, Error>(Some(verifier)) }
    });
    for _ in 0..2 {
        let response = ask(&issuers, &directory.token("acme")).await;
        assert_eq!(response.status, 500);
        let cause = response.error.unwrap();
        let cause = std::error::Error::source(&cause).unwrap().to_string();
        for name in ["https://login.test/umbrella/v2.0", "https://login.test/acme/v2.0"] {
            assert!(cause.contains(name), "{cause}");
            assert!(!response.body.contains(name), "{}", response.body);
        }
    }
    // Its own tokens are accepted, because they resolve the tenant under its own name.
    assert_eq!(ask(&issuers, &directory.token("umbrella")).await.status, 200);
    assert_eq!(resolver.resolutions_of("umbrella"), 1);
}

#[tokio::test]
async fn patterns_are_tried_in_order_and_have_separate_tenants() {
    let directory = Directory::new(&["acme"]);
    let first = directory.clone();
    let issuers = Issuers::builder()
        .tenants("https://login.test/{tenant}/v1.0", async |tenant| panic!("resolved {tenant:?}"))
        .tenants(PATTERN, move |tenant| {
            let verifier = first.verifier(&tenant).build();
            async { verifier.map(Some).map_err(Error::misconfigured) }
        })
        .tenants(PATTERN, async |tenant| panic!("resolved {tenant:?}"))
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
