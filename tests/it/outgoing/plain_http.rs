//! `http` URLs of a development environment: the error contains the option that allows them.

use portcullis::{IntrospectionVerifier, JwtVerifier};

use crate::support::API;

/// The URL that a container has in Docker Compose.
const KEYCLOAK: &str = "http://keycloak:8080/realms/acme";
const PROBLEM: &str = "must use https (or loopback); see `dangerous().plain_http()`";

#[test]
fn the_error_for_an_http_url_names_the_option_that_allows_it() {
    let jwks_uri = format!("{KEYCLOAK}/protocol/openid-connect/certs");
    let introspection = format!("{KEYCLOAK}/protocol/openid-connect/token/introspect");
    let errors = [
        JwtVerifier::builder(KEYCLOAK).audience(API).build().err(),
        JwtVerifier::builder("https://as.example").audience(API).jwks_uri(&jwks_uri).build().err(),
        IntrospectionVerifier::builder(&introspection)
            .client_secret_basic("api", "s3cret")
            .audience(API)
            .build()
            .err(),
    ];
    for (error, url) in errors.into_iter().zip([KEYCLOAK, &jwks_uri, &introspection]) {
        let error = error.expect(url).to_string();
        assert!(error.contains(&format!("`{url}`")) && error.contains(PROBLEM), "{error}");
    }
}

#[test]
fn the_option_allows_it() {
    let verifier = JwtVerifier::builder(KEYCLOAK).audience(API).dangerous().plain_http().build();
    assert!(verifier.is_ok());
}
