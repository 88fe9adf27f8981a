//! Invalid configuration is rejected by `build()`.

use std::time::Duration;

use portcullis::{
    IntrospectionVerifier,
    introspection::{ClientGiven, IntrospectionVerifierBuilder},
    jwt::AudienceMissing,
};

use super::INTROSPECT;

type Builder = IntrospectionVerifierBuilder<ClientGiven, AudienceMissing>;

fn builder_at(url: &str) -> Builder {
    IntrospectionVerifier::builder(url).client_secret_basic("orders-api", "s3cret")
}

// Verifies rfc7662-2-tls.
#[test]
fn the_endpoint_must_be_https_or_loopback() {
    for (url, problem) in [
        ("https://as.example/introspect", None),
        ("https://as.example/introspect?tenant=acme", None),
        ("http://127.0.0.1:8080/introspect", None),
        ("http://localhost/introspect", None),
        (
            "http://as.example/introspect",
            Some("must use https (or loopback); see `dangerous().plain_http()`"),
        ),
        ("as.example/introspect", Some("not an absolute URL")),
        ("", Some("not an absolute URL")),
        (
            "https://user@as.example/introspect",
            Some("must not contain a user name, a query or a fragment"),
        ),
    ] {
        let built = builder_at(url).without_audience().build();
        let url = url.replace("user@", "\u{2026}@");
        let expected = problem.map(|problem| format!("introspection endpoint `{url}`: {problem}"));
        assert_eq!(built.err().map(|error| error.to_string()), expected);
    }
    assert!(
        builder_at("http://as.example/")
            .dangerous()
            .plain_http()
            .without_audience()
            .build()
            .is_ok()
    );
    let discovering = |issuer: &str| {
        let builder = IntrospectionVerifier::discover(issuer).bearer_token("mine");
        builder.without_audience().build().err().map(|error| error.to_string())
    };
    assert_eq!(discovering("https://as.example"), None);
    assert_eq!(
        discovering("http://as.example").as_deref(),
        Some(
            "issuer `http://as.example`: must use https (or loopback); see `dangerous().plain_http()`"
        )
    );
}

#[test]
fn errors_name_the_invalid_value() {
    let builder = || IntrospectionVerifier::builder(INTROSPECT);
    for (built, message) in [
        (builder_at(INTROSPECT).audience("").build(), "audience ``: must not be empty"),
        (
            builder_at(INTROSPECT).audience("api").dangerous().any_audience().build(),
            "audience `any`: can't be combined with `audience` or `without_audience`",
        ),
        (
            builder_at(INTROSPECT).without_audience().dangerous().any_audience().build(),
            "audience `any`: can't be combined with `audience` or `without_audience`",
        ),
        (
            builder().client_secret_post("orders-api", "").audience("api").build(),
            "client secret of `orders-api`: must not be empty",
        ),
        (
            builder().client_secret_basic("", "s3cret").audience("api").build(),
            "client id ``: must not be empty",
        ),
        (
            builder().bearer_token("s3cret\r\nx: y").audience("api").build(),
            "bearer token `…`: contains characters that a bearer token can't have",
        ),
        (
            builder_at(INTROSPECT).audience("api").cache_capacity(0).build(),
            "cache capacity `0`: must be at least 1; to disable the cache, use `cache_for(Duration::ZERO)`",
        ),
        (
            builder_at(INTROSPECT).audience("api").max_concurrent(0).build(),
            "max_concurrent `0`: must be from 1 to 1000000",
        ),
    ] {
        assert_eq!(built.unwrap_err().to_string(), message);
    }
    let built =
        builder_at(INTROSPECT).audience("api").cache_for(Duration::ZERO).max_concurrent(1).build();
    assert!(built.is_ok());
}

#[test]
fn debug_and_errors_show_no_secret() {
    let builder = || IntrospectionVerifier::builder(INTROSPECT);
    for builder in [
        builder().client_secret_basic("orders-api", "s3cret"),
        builder().client_secret_post("orders-api", "s3cret"),
        builder().bearer_token("s3cret"),
    ] {
        let shown = format!("{builder:?}");
        let verifier = builder.without_audience().build().unwrap();
        let shown = format!("{shown} {verifier:?} {verifier:#?}");
        assert!(!shown.contains("s3cret") && shown.contains("redacted"), "{shown}");
    }
}
