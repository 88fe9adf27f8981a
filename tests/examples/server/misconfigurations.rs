//! What the log of the running server says about common misconfigurations, without `RUST_LOG`: for each, one line with
//! the cause and the fix.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{Json, Router};
use portcullis::{
    Algorithm,
    testing::{ServedIssuer, TestIssuer, TokenBuilder},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{API, serve};
use crate::program::Server;

async fn issuer() -> ServedIssuer {
    let issuer = TestIssuer::serve().await.unwrap();
    issuer.publish(Algorithm::Es256);
    issuer
}

fn token(issuer: &ServedIssuer) -> TokenBuilder {
    issuer.token().audience(API)
}

/// Sends a token to the server, ends the server, and returns the only line of its whole log that has all of `parts`.
async fn line_of(server: Server, token: &str, status: u16, parts: &[&str]) -> String {
    assert_eq!(server.ask("GET /me", Some(token)).await.status, status);
    let lines = server.stop_by("TERM").stderr;
    let mut matching = lines.iter().filter(|line| parts.iter().all(|part| line.contains(part)));
    let line = matching.next().unwrap_or_else(|| panic!("no line with {parts:#?} in {lines:#?}"));
    assert_eq!(matching.count(), 0, "{lines:#?}");
    if let Some(signature) = token.rsplit('.').next().filter(|part| part.len() > 20) {
        assert!(lines.iter().all(|line| !line.contains(signature)), "{lines:#?}");
    }
    line.clone()
}

/// Responds to every request with this JSON, on a free port. Returns the URL.
async fn served(body: Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let respond = Router::new().fallback(move || async move { Json(body) });
    tokio::spawn(axum::serve(listener, respond).into_future());
    url
}

#[tokio::test]
async fn a_slash_at_the_end_of_iss() {
    let issuer = issuer().await;
    let url = issuer.issuer();
    let token = token(&issuer).claim("iss", json!(format!("{url}/"))).mint();
    let parts = [
        " DEBUG portcullis: access token rejected: Token issuer not trusted.",
        r#" status=401 reason="token_issuer" rule="iss""#,
        &format!(r#" issuer="{url}/""#),
        r#" alg="ES256""#,
        &format!(r#" expected="{url}" found="{url}/""#),
        "`iss` has an extra slash at the end: configure it with the slash, exactly as it is in the token",
        " method=GET path=/me",
    ];
    line_of(serve(&issuer, &[]), &token, 401, &parts).await;
}

#[tokio::test]
async fn a_slash_at_the_end_of_the_configured_issuer() {
    let issuer = issuer().await;
    let url = issuer.issuer();
    let slashed = format!("{url}/");
    // The issuer itself has no slash, neither in its tokens nor in its metadata.
    let parts = [
        r#" rule="iss""#,
        &format!(r#" expected="{slashed}" found="{url}""#),
        "`iss` lacks the slash at the end: configure it without the slash, exactly as it is in the token",
    ];
    let server = serve(&issuer, &[("ISSUER", &slashed)]);
    line_of(server, &token(&issuer).mint(), 401, &parts).await;
    // Its tokens have one, but its metadata has none.
    let parts = [
        " WARN portcullis: could not fetch keys",
        &format!("configure the issuer as `{url}`, exactly as it is in its metadata"),
    ];
    let token = token(&issuer).claim("iss", json!(slashed)).mint();
    line_of(serve(&issuer, &[("ISSUER", &slashed)]), &token, 503, &parts).await;
}

#[tokio::test]
async fn a_slash_at_the_end_of_aud() {
    let issuer = issuer().await;
    let token = issuer.token().audience("https://api.example/").mint();
    let parts = [
        " DEBUG portcullis: access token rejected: Token not intended for this audience.",
        r#" reason="token_audience" rule="aud""#,
        r#" expected="https://api.example" found="https://api.example/""#,
        "`aud` has an extra slash at the end: configure it with the slash, exactly as it is in the token",
    ];
    line_of(serve(&issuer, &[]), &token, 401, &parts).await;
}

#[tokio::test]
async fn an_id_token() {
    const HINT: &str = "this is an ID token, which is for the client: have the client send the access token, and \
         request it for this API";
    let issuer = issuer().await;
    for (token, parts) in [
        (
            token(&issuer).claim("at_hash", json!("x")).mint(),
            [r#" reason="token_type" rule="typ""#, r#" found="an ID token, by its claims""#, HINT],
        ),
        (
            issuer.token().audience("orders-app").claim("nonce", json!("n")).mint(),
            [r#" reason="token_audience" rule="aud""#, r#" found="orders-app""#, HINT],
        ),
    ] {
        line_of(serve(&issuer, &[]), &token, 401, &parts).await;
    }
}

#[tokio::test]
async fn a_jwe() {
    let issuer = issuer().await;
    // {"alg":"RSA-OAEP-256","enc":"A256GCM"}
    let jwe = "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0.a2V5.aXY.dGV4dA.dGFn";
    let parts = [
        r#" reason="token_malformed" rule="form""#,
        r#" alg="RSA-OAEP-256""#,
        r#" expected="a signed JWT with three parts" found="five parts""#,
        "this is a JWE: have the issuer sign the access tokens for this API instead of encrypting them",
    ];
    line_of(serve(&issuer, &[]), jwe, 401, &parts).await;
}

#[tokio::test]
async fn clocks_that_differ() {
    let issuer = issuer().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let fast = token(&issuer).claim("iat", json!(now + 330)).mint();
    let parts = [
        r#" reason="token_not_yet_valid" rule="iat""#,
        &format!(r#" found="{}" skew=3"#, now + 330),
        "`iat` is 5 min in the future: synchronize the clocks of this service and of the issuer (NTP), or raise `leeway`",
    ];
    line_of(serve(&issuer, &[]), &fast, 401, &parts).await;
    let slow = token(&issuer).claim("exp", json!(now - 300)).mint();
    let parts = [
        r#" reason="token_expired" rule="exp""#,
        &format!(r#" found="{}" skew=-3"#, now - 300),
        "expired 5 min ago: the client has to request a new token; if it did, synchronize the clocks",
    ];
    line_of(serve(&issuer, &[]), &slow, 401, &parts).await;
}

#[tokio::test]
async fn another_algorithm() {
    let issuer = issuer().await;
    let token = token(&issuer).algorithm(Algorithm::Es256).mint();
    let parts = [
        r#" reason="token_algorithm" rule="alg""#,
        r#" expected="PS256, RS256" found="ES256""#,
        "signed with an algorithm that isn't configured: add it to `algorithms`",
    ];
    let server = serve(&issuer, &[("ALGORITHMS", "RS256,PS256")]);
    line_of(server, &token, 401, &parts).await;
}

#[tokio::test]
async fn a_key_that_was_left_out() {
    let issuer = issuer().await;
    let mut set: Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    let mut other = set["keys"][0].clone();
    other["kid"] = json!("for-encryption");
    other["use"] = json!("enc");
    set["keys"].as_array_mut().unwrap().push(other);
    let keys = served(set).await;
    let token = token(&issuer).header("kid", json!("for-encryption")).mint();
    let parts = [
        r#" reason="token_unknown_key" rule="kid""#,
        r#" kid="for-encryption""#,
        "the key is in the issuer's set, but it was left out, because `use` doesn't allow it to verify signatures: have the issuer publish it correctly",
    ];
    line_of(serve(&issuer, &[("JWKS_URI", &keys)]), &token, 401, &parts).await;
    // Before that, when the keys are fetched.
    let parts = [" INFO portcullis: key left out", r#" kid="for-encryption" reason=""#];
    line_of(serve(&issuer, &[("JWKS_URI", &keys)]), &token, 401, &parts).await;
}

/// The server with an introspection endpoint.
fn introspecting(issuer: &ServedIssuer, url: &str) -> Server {
    let variables = [
        ("ISSUER", ""),
        ("INTROSPECTION_URL", url),
        ("INTROSPECTION_CLIENT_ID", "orders-api"),
        ("INTROSPECTION_CLIENT_SECRET", "wr0ng-s3cret"),
    ];
    serve(issuer, &variables)
}

#[tokio::test]
async fn an_introspection_client_without_rights() {
    let issuer = issuer().await;
    // Servers respond like this about the tokens of other clients (RFC 7662 §2.2).
    let url = served(json!({ "active": false })).await;
    let parts = [
        r#" reason="token_inactive" rule="active""#,
        "`active: false` from 127.0.0.1",
        "allow this client to introspect tokens of this audience",
    ];
    line_of(introspecting(&issuer, &url), "an-opaque-token", 401, &parts).await;
}

#[tokio::test]
async fn a_wrong_client_secret() {
    let issuer = issuer().await;
    issuer.register_client("orders-api", "another-s3cret");
    let url = format!("{}/introspect", issuer.issuer());
    let parts = [
        " ERROR portcullis: introspection failed",
        " endpoint=127.0.0.1",
        &url,
        "rejected the credentials of this service (status 401",
        "check the client id, the secret and the authentication method",
    ];
    let token = token(&issuer).mint_opaque();
    let line = line_of(introspecting(&issuer, &url), &token, 500, &parts).await;
    assert!(!line.contains("wr0ng") && !line.contains(&token), "{line}");
}

#[tokio::test]
async fn an_unknown_key_during_the_cool_down() {
    let issuer = issuer().await;
    let server = serve(&issuer, &[]);
    for _ in 0..2 {
        let unknown = token(&issuer).header("kid", json!("unknown")).mint();
        assert_eq!(server.ask("GET /me", Some(&unknown)).await.status, 401);
    }
    let token = token(&issuer).header("kid", json!("rotated")).mint();
    let parts = [
        r#" reason="token_unknown_key" rule="kid""#,
        r#" kid="rotated""#,
        r#" found="rotated""#,
        "the issuer's keys were fetched recently without it, and the next fetch for an unknown `kid` is in ",
        " s at the earliest: if the issuer has just changed its keys, wait for that",
    ];
    line_of(server, &token, 401, &parts).await;
}

#[tokio::test]
async fn a_placeholder_that_was_not_expanded() {
    let issuer = issuer().await;
    let [configured, named] =
        ["{tenant}", "7f3a"].map(|tenant| format!("{}/{tenant}/v2.0", issuer.issuer()));
    let token = token(&issuer).claim("iss", json!(named)).mint();
    // The configuration has one.
    let parts = [
        r#" reason="token_issuer" rule="iss""#,
        &format!(r#" expected="{configured}" found="{named}""#),
        "the configured name has a placeholder that was not expanded: replace it with the tenant, or trust all tenants",
    ];
    for jwks_uri in ["", &issuer.jwks_uri()] {
        let server = serve(&issuer, &[("ISSUER", &configured), ("JWKS_URI", jwks_uri)]);
        line_of(server, &token, 401, &parts).await;
    }
    // The metadata has one, as that which all tenants of Entra ID share.
    let metadata =
        json!({ "issuer": "https://login.example/{tenantid}/v2.0", "jwks_uri": issuer.jwks_uri() });
    let shared = format!("{}/common", served(metadata).await);
    let token = issuer.token().audience(API).claim("iss", json!(shared)).mint();
    let parts = [
        " WARN portcullis: could not fetch keys",
        "is the metadata of issuer `https://login.example/{tenantid}/v2.0`",
        "stands for many tenants: configure the issuer of one tenant, or trust all of them",
    ];
    line_of(serve(&issuer, &[("ISSUER", &shared)]), &token, 503, &parts).await;
}
