//! The variables about JWTs and their claims.

use portcullis::{
    Algorithm,
    testing::{ServedIssuer, TestIssuer, TokenBuilder},
};
use serde_json::json;

use super::{API, serve, status};
use crate::program::Server;

async fn issuer() -> ServedIssuer {
    TestIssuer::serve().await.unwrap()
}

#[tokio::test]
async fn tokens_of_every_issuer_in_the_list_are_accepted() {
    let (one, other, untrusted) = (issuer().await, issuer().await, issuer().await);
    let names = [one.issuer(), other.issuer()].join(", ");
    let server = Server::start("server", &[("ISSUER", &names), ("AUDIENCE", API)]);
    for (issuer, expected) in [(&one, 200), (&other, 200), (&untrusted, 401)] {
        assert_eq!(status(&server, issuer.token().audience(API)).await, expected);
    }
    assert_eq!(untrusted.requests_to("/jwks"), 0);
}

#[tokio::test]
async fn with_jwks_uri_no_metadata_is_fetched() {
    let issuer = issuer().await;
    let server = serve(&issuer, &[("JWKS_URI", &issuer.jwks_uri())]);
    assert_eq!(status(&server, issuer.token().audience(API)).await, 200);
    assert_eq!(issuer.requests_to("/.well-known/openid-configuration"), 0);
    assert_eq!(issuer.requests_to("/jwks"), 1);
}

#[tokio::test]
async fn an_issuer_whose_name_is_no_url_is_accepted_with_jwks_uri() {
    let issuer = issuer().await;
    let jwks_uri = issuer.jwks_uri();
    for name in ["accounts.example", "kubernetes/serviceaccount", "urn:example:sts"] {
        let variables = [("ISSUER", name), ("JWKS_URI", &*jwks_uri), ("AUDIENCE", API)];
        let server = Server::start("server", &variables);
        let token = issuer.token().audience(API).claim("iss", json!(name));
        assert_eq!(status(&server, token).await, 200, "{name}");
    }
}

#[tokio::test]
async fn any_audience_in_the_list_is_accepted() {
    let issuer = issuer().await;
    let variables = [("ISSUER", issuer.issuer()), ("AUDIENCE", "https://a.example, b")];
    let server = Server::start("server", &variables);
    for (audience, expected) in [
        (json!("https://a.example"), 200),
        (json!("b"), 200),
        (json!(["c", "b"]), 200),
        (json!("https://a.example, b"), 401),
        (json!("https://a.example/"), 401),
        (json!("c"), 401),
    ] {
        let token = issuer.token().claim("aud", audience.clone());
        assert_eq!(status(&server, token).await, expected, "{audience}");
    }
}

#[tokio::test]
async fn only_tokens_with_the_algorithms_are_accepted() {
    let issuer = issuer().await;
    let server = serve(&issuer, &[("ALGORITHMS", "ES256, EdDSA")]);
    // All keys are published before the first fetch.
    issuer.publish(Algorithm::EdDsa);
    issuer.publish(Algorithm::Es384);
    for (algorithm, expected) in
        [(Algorithm::Es256, 200), (Algorithm::EdDsa, 200), (Algorithm::Es384, 401)]
    {
        let token = issuer.token().audience(API).algorithm(algorithm);
        assert_eq!(status(&server, token).await, expected, "{algorithm}");
    }
}

#[tokio::test]
async fn the_profile_determines_the_type_and_the_required_claims() {
    let issuer = issuer().await;
    let valid = || issuer.token().audience(API);
    let typ = |typ: &str| valid().header("typ", json!(typ));
    for (profile, expected) in
        [("rfc9068", [200, 401, 401]), ("relaxed", [200, 200, 200]), ("", [200, 200, 200])]
    {
        let server = serve(&issuer, &[("PROFILE", profile)]);
        let tokens = [typ("at+jwt"), typ("JWT"), valid().without_claim("jti")];
        for (token, expected) in tokens.into_iter().zip(expected) {
            let shown = format!("{profile} {token:?}");
            assert_eq!(status(&server, token).await, expected, "{shown}");
        }
    }
}

#[tokio::test]
async fn scopes_are_read_from_additional_places() {
    let issuer = issuer().await;
    let server = serve(&issuer, &[("SCOPE_CLAIM", "permissions, /realm/scopes")]);
    let valid = || issuer.token().audience(API);
    let status =
        async |token: TokenBuilder| server.ask("POST /write", Some(&token.mint())).await.status;
    for (token, expected) in [
        (valid().scope("api:read api:write"), 200),
        (valid().claim("permissions", json!(["api:read", "api:write"])), 200),
        (valid().claim("realm", json!({ "scopes": "api:read api:write" })), 200),
        (valid().scope("api:read").claim("permissions", json!(["api:write"])), 200),
        (valid().scope("api:read").claim("roles", json!(["api:write"])), 403),
    ] {
        let shown = format!("{token:?}");
        assert_eq!(status(token).await, expected, "{shown}");
    }
}

#[tokio::test]
async fn required_claims_must_have_their_value() {
    let issuer = issuer().await;
    let server = serve(&issuer, &[("REQUIRE_CLAIM", "tenant=acme, tfp=a=b")]);
    let with = |tenant, tfp| {
        issuer.token().audience(API).claim("tenant", json!(tenant)).claim("tfp", json!(tfp))
    };
    for (token, expected) in [
        (with("acme", "a=b"), 200),
        (with("acme", "a"), 401),
        (with("evil", "a=b"), 401),
        (with("acme", "a=b").without_claim("tenant"), 401),
        (with("acme", "a=b").claim("tenant", json!(["acme"])), 401),
    ] {
        let shown = format!("{token:?}");
        assert_eq!(status(&server, token).await, expected, "{shown}");
    }
}
