//! `ROLES_CLAIM`, and the route that requires a role.

use portcullis::testing::TestIssuer;
use serde_json::json;

use super::{API, serve};

#[tokio::test]
async fn a_role_is_read_from_its_place_and_from_no_scope() {
    let issuer = TestIssuer::serve().await.unwrap();
    let zitadel = "urn:zitadel:iam:org:project:roles";
    let places = format!("/realm_access/roles, roles, {zitadel}");
    let server = serve(&issuer, &[("ROLES_CLAIM", &places)]);
    let with = |name: &str, value| issuer.token().audience(API).claim(name, value);
    for (token, expected) in [
        (with("realm_access", json!({ "roles": ["admin"] })), 200),
        (with("roles", json!(["user", "admin"])), 200),
        (with("roles", json!("user admin")), 200),
        (with(zitadel, json!({ "admin": { "1": "acme.example" } })), 200),
        (with("roles", json!(["administrator"])), 403),
        (with("roles", json!(7)), 401),
        (with("scope", json!("admin")), 403),
        (with("scp", json!(["admin"])), 403),
        (with("permissions", json!(["admin"])), 403),
    ] {
        let shown = format!("{token:?}");
        let response = server.ask("GET /role", Some(&token.mint())).await;
        assert_eq!(response.status, expected, "{shown}");
        assert_eq!(response.challenge().is_some(), expected == 401, "{shown}");
    }
    let response = server.ask("GET /role", None).await;
    assert_eq!(
        (response.status, response.challenge()),
        (401, Some(r#"Bearer realm="restricted""#))
    );

    let token = with("roles", json!(["admin", "a b"])).scope("user").mint();
    let me = server.ask("GET /me", Some(&token)).await.json();
    assert_eq!(me["roles"], json!(["admin", "a b"]));
    assert_eq!(me["scopes"], json!(["user"]));
}

#[tokio::test]
async fn without_the_variable_no_token_has_a_role() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = serve(&issuer, &[("SCOPE_CLAIM", "roles")]);
    let token = issuer.token().audience(API).claim("roles", json!(["admin"])).scope("admin").mint();
    assert_eq!(server.ask("GET /role", Some(&token)).await.status, 403);
    assert_eq!(server.ask("GET /me", Some(&token)).await.json()["roles"], json!([]));
}

#[tokio::test]
async fn roles_of_introspected_tokens_are_read_too() {
    let issuer = TestIssuer::serve().await.unwrap();
    issuer.register_client("rs", "rs-secret");
    let endpoint = format!("{}/introspect", issuer.issuer());
    let server = serve(
        &issuer,
        &[
            ("INTROSPECTION_URL", &endpoint),
            ("INTROSPECTION_CLIENT_ID", "rs"),
            ("INTROSPECTION_CLIENT_SECRET", "rs-secret"),
            ("ROLES_CLAIM", "roles"),
        ],
    );
    let token = || issuer.token().audience(API).scope("admin");
    for (token, expected) in [(token().claim("roles", json!(["admin"])), 200), (token(), 403)] {
        let token = token.mint_opaque();
        assert_eq!(server.ask("GET /role", Some(&token)).await.status, expected);
    }
}
