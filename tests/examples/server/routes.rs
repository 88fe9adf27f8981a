//! What each route requires, and its response.

use portcullis::testing::TestIssuer;
use serde_json::json;

use super::{API, serve};

#[tokio::test]
async fn each_route_requires_its_scopes() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = serve(&issuer, &[]);
    let token = |scope: &str| issuer.token().audience(API).scope(scope).mint();
    let plain = issuer.token().audience(API).mint();
    let (read, write) = (token("api:read"), token("api:read api:write"));
    let other = issuer.token().audience("https://other.example").mint();

    let missing = r#"Bearer realm="restricted""#;
    let audience = "Bearer realm=\"restricted\", error=\"invalid_token\", \
        error_description=\"Token not intended for this audience.\"";
    let scope = |scope: &str| {
        format!(
            "Bearer realm=\"restricted\", error=\"insufficient_scope\", \
             error_description=\"Token lacks the required scope.\", scope=\"{scope}\""
        )
    };
    let (needs_read, needs_both) = (scope("api:read"), scope("api:read api:write"));
    for (route, token, status, challenge) in [
        ("GET /healthz", None, 200, None),
        ("GET /healthz", Some(&other), 200, None),
        ("GET /public", None, 200, None),
        ("GET /public", Some(&plain), 200, None),
        ("GET /public", Some(&other), 401, Some(audience)),
        ("GET /me", None, 401, Some(missing)),
        ("GET /me", Some(&plain), 200, None),
        ("GET /me", Some(&other), 401, Some(audience)),
        ("GET /read", None, 401, Some(missing)),
        ("GET /read", Some(&plain), 403, Some(&needs_read)),
        ("GET /read", Some(&read), 200, None),
        ("GET /read", Some(&other), 401, Some(audience)),
        ("POST /write", None, 401, Some(missing)),
        ("POST /write", Some(&read), 403, Some(&needs_both)),
        ("POST /write", Some(&write), 200, None),
        ("POST /write", Some(&other), 401, Some(audience)),
        ("GET /unknown", None, 404, None),
    ] {
        let response = server.ask(route, token.map(String::as_str)).await;
        assert_eq!(response.status, status, "{route} {token:?}");
        assert_eq!(response.challenge(), challenge, "{route} {token:?}");
    }
}

#[tokio::test]
async fn responses_name_the_subject() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = serve(&issuer, &[]);
    let token = issuer.token().audience(API).scope("api:read api:write").claim("n", json!([1]));
    let token = token.mint();

    assert_eq!(server.ask("GET /healthz", None).await.body, "ok");
    assert_eq!(server.ask("GET /public", None).await.json(), json!({ "subject": null }));
    for route in ["GET /public", "GET /read", "POST /write"] {
        assert_eq!(server.ask(route, Some(&token)).await.json(), json!({ "subject": "alice" }));
    }
    let me = server.ask("GET /me", Some(&token)).await.json();
    assert_eq!(me["subject"], "alice");
    assert_eq!(me["scopes"], json!(["api:read", "api:write"]));
    assert_eq!(me["claims"]["iss"], issuer.issuer());
    assert_eq!(me["claims"]["n"], json!([1]));
}
