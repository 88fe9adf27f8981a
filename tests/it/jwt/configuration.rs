//! Invalid configuration is rejected by `build()`, with a message that names the value.

use std::time::Duration;

use portcullis::{
    Algorithm, ConfigError, JwtVerifier,
    jwt::{AudienceMissing, JwtVerifierBuilder, Profile},
    testing::TestIssuer,
};

use crate::support::{API, issuer_with, jws, openssl};

/// A builder of verifiers whose keys are never fetched.
fn builder(issuer: &str) -> JwtVerifierBuilder<AudienceMissing> {
    JwtVerifier::builder(issuer).http_client(TestIssuer::new().http_client())
}

fn message<T: std::fmt::Debug>(result: Result<T, ConfigError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn an_issuer_with_fetched_keys_must_be_an_https_url() {
    for (issuer, problem) in [
        ("as.example", "not an absolute URL"),
        ("/issuer", "not an absolute URL"),
        ("ftp://as.example", "not an absolute URL"),
        ("https://", "not an absolute URL"),
        ("https://as.example/ a", "not an absolute URL"),
        ("http://as.example", "must use https (or loopback); see `dangerous().plain_http()`"),
        (
            "http://localhost.evil.example",
            "must use https (or loopback); see `dangerous().plain_http()`",
        ),
        (
            "http://127.0.0.1.evil.example",
            "must use https (or loopback); see `dangerous().plain_http()`",
        ),
        ("https://user@as.example", "must not contain a user name, a query or a fragment"),
        ("https://as.example?a=b", "must not contain a user name, a query or a fragment"),
        ("https://as.example#a", "must not contain a user name, a query or a fragment"),
    ] {
        let result = builder(issuer).audience(API).build();
        // What may be secret is not shown.
        let shown = issuer.replace("user@", "\u{2026}@").replace("?a=b", "?\u{2026}");
        let shown = shown.replace("#a", "#\u{2026}");
        let remedy = "an issuer with any other name needs `metadata_url` or `jwks_uri`";
        assert_eq!(message(result), format!("issuer `{shown}`: {problem}; {remedy}"));
    }
    for issuer in [
        "https://as.example",
        "https://as.example/",
        "https://as.example:8443/realms/one",
        "http://localhost:4001",
        "http://127.0.0.1:4001/op",
        "http://[::1]:4001",
    ] {
        assert!(builder(issuer).audience(API).build().is_ok(), "{issuer}");
    }
    let plain = builder("http://as.example").dangerous().plain_http();
    assert!(plain.audience(API).build().is_ok());
}

#[test]
fn an_issuer_with_configured_keys_may_be_any_nonempty_string() {
    let build = |issuer: &str| {
        let builder = builder(issuer).audience(API);
        builder.hmac_secret(Algorithm::Hs256, jws::SECRET).build()
    };
    for issuer in ["joe", "urn:example:issuer", "REGARDS", "http://as.example"] {
        assert!(build(issuer).is_ok(), "{issuer}");
    }
    assert_eq!(message(build("")), "issuer ``: must not be empty");
    assert_eq!(message(builder("").audience(API).build()), "issuer ``: must not be empty");
}

// Verifies rfc7515-8-tls.
#[test]
fn a_jwks_uri_must_be_an_https_url() {
    let build = |uri: &str| builder("https://as.example").audience(API).jwks_uri(uri).build();
    for (uri, problem) in [
        ("", "not an absolute URL"),
        ("/jwks", "not an absolute URL"),
        ("file:///etc/jwks.json", "not an absolute URL"),
        ("http://as.example/jwks", "must use https (or loopback); see `dangerous().plain_http()`"),
        ("https://user:pw@as.example/jwks", "must not contain a user name, a query or a fragment"),
        ("https://as.example/jwks#a", "must not contain a user name, a query or a fragment"),
    ] {
        let shown = uri.replace("user:pw@", "\u{2026}@").replace("#a", "#\u{2026}");
        assert_eq!(message(build(uri)), format!("jwks_uri `{shown}`: {problem}"));
    }
    for uri in
        ["https://as.example/jwks", "https://cdn.example/jwks?v=1", "http://127.0.0.1:1/jwks"]
    {
        assert!(build(uri).is_ok(), "{uri}");
    }
}

#[test]
fn an_audience_must_not_be_empty() {
    let builder = || builder("https://as.example");
    assert_eq!(message(builder().audience("").build()), "audience ``: must not be empty");
    assert_eq!(
        message(builder().audience(API).audience("").build()),
        "audience ``: must not be empty"
    );
    assert!(builder().client("").build().is_err());
}

#[test]
fn audience_client_and_any_audience_exclude_each_other() {
    let builder = || builder("https://as.example");
    assert_eq!(
        message(builder().audience(API).client("app").build()),
        "client `app`: can't be combined with an audience"
    );
    assert_eq!(
        message(builder().audience(API).dangerous().any_audience().build()),
        "audience `any`: can't be combined with an audience or client"
    );
    assert!(builder().client("app").dangerous().any_audience().build().is_err());
}

#[test]
fn algorithms_must_not_be_empty_and_hmacs_need_a_secret() {
    let builder = || builder("https://as.example").audience(API);
    assert_eq!(
        message(builder().algorithms([]).build()),
        "algorithms `[]`: at least one is needed"
    );
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        let result = builder().algorithms([Algorithm::Es256, algorithm]).build();
        assert_eq!(message(result), format!("algorithm `{algorithm}`: has no secret"));
    }
    let other = builder().hmac_secret(Algorithm::Hs256, jws::SECRET);
    let result = other.algorithms([Algorithm::Hs512]).build();
    assert_eq!(message(result), "algorithm `HS512`: has no secret");
}

#[test]
fn each_configured_algorithm_needs_a_configured_key() {
    let issuer = issuer_with([Algorithm::Es256, Algorithm::Rs256]);
    let builder = || builder("https://as.example").audience(API).jwk_set(issuer.jwk_set());
    for named in [vec![Algorithm::Es256], vec![Algorithm::Ps512, Algorithm::Es256]] {
        assert!(builder().algorithms(named.clone()).build().is_ok(), "{named:?}");
    }
    for named in [vec![Algorithm::Es384], vec![Algorithm::Es256, Algorithm::Es384]] {
        let result = builder().algorithms(named).build();
        assert_eq!(message(result), "algorithm `ES384`: no configured key can be used with it");
    }
    let secret = builder().hmac_secret(Algorithm::Hs256, jws::SECRET);
    let named = [Algorithm::Hs256, Algorithm::Es256, Algorithm::Rs384];
    assert!(secret.algorithms(named).build().is_ok());
    // Keys that are fetched later may be for any algorithm.
    let remote = self::builder("https://as.example").audience(API).algorithms([Algorithm::Es384]);
    assert!(remote.build().is_ok());
}

#[test]
fn profiles_and_algorithms_are_parsed_from_their_names() {
    assert_eq!("rfc9068".parse(), Ok(Profile::Rfc9068));
    assert_eq!("relaxed".parse(), Ok(Profile::Relaxed));
    assert_eq!(
        message("strict".parse::<Profile>()),
        "profile `strict`: must be `relaxed`, `rfc9068` or `jwt-svid`"
    );
    assert_eq!(
        "none".parse::<Algorithm>().unwrap_err().to_string(),
        "unknown JWS algorithm `none`"
    );
    assert_eq!(
        "es256".parse::<Algorithm>().unwrap_err().to_string(),
        "unknown JWS algorithm `es256`"
    );
}

#[test]
fn an_issuer_that_is_trusted_twice_is_rejected() {
    let verifier = || {
        let builder = builder("https://as.example").audience(API);
        builder.pem_key(openssl::ED25519).build().unwrap()
    };
    let issuers = portcullis::Issuers::builder().trust(verifier()).trust(verifier());
    assert!(message(issuers.build()).contains("https://as.example"));
    assert!(portcullis::Issuers::builder().build().is_err(), "no issuer at all");
}

#[test]
fn debug_shows_no_keys_and_no_secrets() {
    let issuer = TestIssuer::new();
    let secret = "correct horse battery staple, 32 bytes";
    let builder = issuer.verifier().audience(API);
    let builder = builder.hmac_secret(Algorithm::Hs256, secret).pem_key(openssl::RSA);
    let builder = builder.leeway(Duration::from_secs(5));
    let shown = format!("{builder:?}");
    let verifier = builder.build().unwrap();
    for shown in [shown, format!("{verifier:?}"), format!("{:?}", portcullis::Secret::from(secret))]
    {
        assert!(!shown.contains("horse"), "{shown}");
        assert!(!shown.contains("104, 111, 114, 115, 101"), "{shown}");
    }
}
