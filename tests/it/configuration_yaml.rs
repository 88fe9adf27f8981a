//! A configuration in YAML, read with `serde-saphyr`.

use axum::Router;
use http::{Method, Request};
use portcullis::{
    Algorithm, AuthenticateLayer,
    configuration::{Configuration, Problems},
    testing::TestIssuer,
};
use serde_json::json;

use crate::support::{API, send, whoami, with_token};

const DOCUMENT: &str = "\
# One issuer, and who may do what.
audience: https://api.example
issuers:
  - issuer: https://issuer.test
    algorithms: [ES256, RS256]
    leeway_seconds: 30
    role_claims: /realm_access/roles
    required_claims: { azp: orders-app }
policies:
  unlisted: authenticated
  rows:
    - { path: /health, access: anonymous }
    - method: GET
      path: /orders
      scopes:
        - orders:read
    - path: /admin
      roles: [admin]
";

fn configuration(text: &str) -> Configuration {
    serde_saphyr::from_str(text).expect("YAML")
}

fn problems(text: &str) -> Vec<String> {
    let problems = configuration(text).build().err();
    problems.iter().flat_map(Problems::iter).map(ToString::to_string).collect()
}

async fn status(app: &Router, path: &str, token: Option<&str>) -> u16 {
    let mut request = token.map_or_else(|| Request::new(axum::body::Body::empty()), with_token);
    *request.method_mut() = Method::GET;
    *request.uri_mut() = path.parse().unwrap();
    send(app, request).await.status.as_u16()
}

#[tokio::test]
async fn a_document_in_yaml_configures_issuers_and_policies() {
    let issuer = TestIssuer::named("https://issuer.test");
    issuer.publish(Algorithm::Es256);
    let configured = configuration(DOCUMENT)
        .http_client(issuer.http_client())
        .clock(issuer.clock())
        .build()
        .unwrap_or_else(|problems| panic!("{problems}"));
    let layer =
        AuthenticateLayer::bearer(configured.issuers).policies(configured.policies.unwrap());
    let app = whoami().fallback(async || "in").layer(layer);
    let token = |scope: &str, roles: &[&str]| {
        let token = issuer.token().audience(API).scope(scope).claim("azp", json!("orders-app"));
        token.claim("realm_access", json!({ "roles": roles })).mint()
    };
    let (plain, reader, admin) = (token("", &[]), token("orders:read", &[]), token("", &["admin"]));
    let other_client = issuer.token().audience(API).mint();
    for (path, token, expected) in [
        ("/health", None, 200),
        ("/orders", None, 401),
        ("/orders", Some(&plain), 403),
        ("/orders", Some(&reader), 200),
        ("/admin", Some(&reader), 403),
        ("/admin", Some(&admin), 200),
        ("/", Some(&plain), 200),
        ("/", Some(&other_client), 401),
    ] {
        assert_eq!(status(&app, path, token.map(String::as_str)).await, expected, "{path}");
    }
}

#[test]
fn problems_have_their_path_in_the_document() {
    let text = DOCUMENT
        .replace("leeway_seconds: 30", "leeway_seconds: -1")
        .replace("algorithms: [ES256", "algorithm: [ES256")
        .replace("unlisted: authenticated", "unlisted: allow");
    let found = problems(&text);
    assert_eq!(found.len(), 3, "{found:#?}");
    for (problem, path) in found.iter().zip([
        "issuers[0].leeway_seconds: ",
        "issuers[0].algorithm: ",
        "policies.unlisted: ",
    ]) {
        assert!(problem.starts_with(path), "{path} {found:#?}");
    }
}

#[test]
fn values_have_the_types_of_yaml() {
    // What looks like a number or a boolean is one, unless it is quoted.
    for (from, to, expected) in [
        ("azp: orders-app", "azp: 7", "issuers[0].required_claims.azp: must be a string"),
        ("azp: orders-app", "azp: true", "issuers[0].required_claims.azp: must be a string"),
        ("leeway_seconds: 30", "leeway_seconds: '30'", "issuers[0].leeway_seconds: must be a"),
        ("roles: [admin]", "roles: {admin: 1}", "policies.rows[2].roles: "),
        ("audience: https://api.example", "audience: ~", "issuers[0].audience: must be set"),
    ] {
        let found = problems(&DOCUMENT.replacen(from, to, 1));
        assert!(found.iter().any(|problem| problem.starts_with(expected)), "{to}: {found:#?}");
    }
    assert_eq!(problems(&DOCUMENT.replace("azp: orders-app", "azp: '7'")), [""; 0]);
}

#[test]
fn anchors_work_and_a_member_that_appears_twice_is_an_error() {
    let text = "\
audience: &api https://api.example
issuers:
  - issuer: https://one.example
    audience: [*api, https://other.example]
";
    assert_eq!(problems(text), [""; 0]);
    let twice =
        DOCUMENT.replace("leeway_seconds: 30", "leeway_seconds: 30\n    leeway_seconds: 60");
    match serde_saphyr::from_str::<Configuration>(&twice) {
        Err(error) => assert!(error.to_string().contains("leeway_seconds"), "{error}"),
        Ok(configuration) => {
            let problems = configuration.build().unwrap_err().to_string();
            assert!(problems.contains("issuers[0].leeway_seconds"), "{problems}");
        }
    }
}
