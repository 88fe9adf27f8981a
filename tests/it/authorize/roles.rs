//! Roles: read where the verifier is configured to, required by guards, tables and handlers, and never granted to a
//! client that requests a scope of that name.

use axum::{Router, body::Body, routing::get};
use http::{Method, Request, StatusCode};
use portcullis::{
    Access, AuthenticateLayer, Error, Identity, Policies, RequireRoleLayer, RequireScopeLayer,
    Requirements, Scope, testing::TestIssuer,
};
use serde_json::{Value, json};

use crate::support::{API, TestResponse, send};

/// A way to express roles: the configured places, and the claim of a token that has the role `admin` there.
type Form = (&'static [&'static str], &'static str, fn() -> Value);

const FORMS: &[Form] = &[
    (&["roles"], "roles", || json!(["user", "admin"])),
    (&["roles"], "roles", || json!("user admin")),
    (&["role"], "role", || json!("admin")),
    // Keycloak, for a realm and for a client.
    (&["/realm_access/roles"], "realm_access", || json!({ "roles": ["admin"] })),
    (&["/resource_access/api/roles"], "resource_access", || json!({"api": {"roles": ["admin"]}})),
    // Zitadel.
    (
        &["urn:zitadel:iam:org:project:roles"],
        "urn:zitadel:iam:org:project:roles",
        || json!({ "admin": { "1": "acme.example" } }),
    ),
    // Auth0, whose custom claims have URLs as names.
    (&["https://acme.example/roles"], "https://acme.example/roles", || json!(["admin"])),
    // AWS Cognito, and several places at once.
    (&["absent", "cognito:groups"], "cognito:groups", || json!(["admin"])),
];

/// Claims with which a client might try to get the role: those that it can request, and those that look like a role.
fn requested() -> Vec<(&'static str, Value)> {
    vec![
        ("scope", json!("admin")),
        ("scope", json!("user admin role:admin roles:admin")),
        ("scope", json!(["admin"])),
        ("scp", json!(["admin"])),
        ("scp", json!("admin")),
        ("permissions", json!(["admin"])),
        ("unrelated", json!(["admin"])),
    ]
}

async fn handler(identity: Identity) -> Result<&'static str, Error> {
    identity.require_role("admin")?;
    assert!(identity.has_role("admin"));
    Ok("in")
}

/// The same requirement in a guard, in a handler, and in rows of a table.
fn services(authenticate: &AuthenticateLayer) -> Router {
    let policies = Policies::builder()
        .route(Method::GET, "/row", Access::role("admin"))
        .route(Method::GET, "/any", Access::any_role(["auditor", "admin"]))
        .build()
        .unwrap();
    let table = Router::new()
        .route("/row", get("in"))
        .route("/any", get("in"))
        .layer(authenticate.clone().policies(policies));
    Router::new()
        .route("/guard", get("in").route_layer(RequireRoleLayer::new("admin")))
        .route("/guard-any", get("in").route_layer(RequireRoleLayer::any(["auditor", "admin"])))
        .route("/handler", get(handler))
        .layer(authenticate.clone())
        .merge(table)
}

const PATHS: [&str; 5] = ["/guard", "/guard-any", "/handler", "/row", "/any"];

async fn get_with(app: &Router, path: &str, token: &str) -> TestResponse {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    send(app, request.body(Body::empty()).unwrap()).await
}

fn assert_denied(response: &TestResponse, context: &str) {
    assert_eq!(response.status, 403, "{context}");
    // No challenge: a client can't request a role.
    assert_eq!(response.challenge(), None, "{context}");
    assert_eq!(response.error.as_ref().unwrap().scope(), None, "{context}");
    assert_eq!(response.json()["message"], "Access denied.", "{context}");
    assert_eq!(response.json().get("error"), None, "{context}");
}

#[tokio::test]
async fn a_scope_in_a_jwt_grants_no_role_however_roles_are_expressed() {
    let issuer = TestIssuer::new();
    for (places, claim, value) in FORMS {
        let verifier = issuer.verifier().audience(API).scope_claim("permissions");
        let verifier = places.iter().fold(verifier, |verifier, place| verifier.roles(*place));
        let app = services(&AuthenticateLayer::bearer(verifier.build().unwrap()));
        let token = issuer.token().audience(API).claim(claim, value()).mint();
        for path in PATHS {
            assert_eq!(get_with(&app, path, &token).await.status, 200, "{claim} {path}");
        }
        for (requested, value) in requested() {
            let token = issuer.token().audience(API).claim(requested, value.clone()).mint();
            for path in PATHS {
                let response = get_with(&app, path, &token).await;
                assert_denied(&response, &format!("{claim} {path} with {requested}: {value}"));
            }
        }
    }
}

#[tokio::test]
async fn a_scope_of_an_introspected_token_never_grants_a_role() {
    let issuer = TestIssuer::new();
    for (places, claim, value) in FORMS {
        let verifier = issuer.introspection().audience(API).scope_claim("permissions");
        let verifier = places.iter().fold(verifier, |verifier, place| verifier.roles(*place));
        let app = services(&AuthenticateLayer::bearer(verifier.build().unwrap()));
        let token = issuer.token().audience(API).claim(claim, value()).mint_opaque();
        for path in PATHS {
            assert_eq!(get_with(&app, path, &token).await.status, 200, "{claim} {path}");
        }
        for (requested, value) in requested() {
            let token = issuer.token().audience(API).claim(requested, value.clone()).mint_opaque();
            for path in PATHS {
                let response = get_with(&app, path, &token).await;
                assert_denied(&response, &format!("{claim} {path} with {requested}: {value}"));
            }
        }
    }
}

#[tokio::test]
async fn a_role_grants_no_scope() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).roles("roles").build().unwrap();
    let admin = Scope::from_static("admin");
    let app = Router::new()
        .route("/", get("in").route_layer(RequireScopeLayer::new(admin)))
        .layer(AuthenticateLayer::bearer(verifier));
    let token = issuer.token().audience(API).claim("roles", json!(["admin"])).mint();
    let response = get_with(&app, "/", &token).await;
    assert_eq!(response.status, 403);
    assert_eq!(response.error.unwrap().scope(), Some("admin"));
    let token = issuer.token().audience(API).scope("admin").mint();
    assert_eq!(get_with(&app, "/", &token).await.status, 200);
}

#[tokio::test]
async fn without_a_place_no_token_has_a_role() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let app = services(&AuthenticateLayer::bearer(verifier));
    let token = issuer.token().audience(API).claim("roles", json!(["admin"])).scope("admin").mint();
    for path in PATHS {
        assert_denied(&get_with(&app, path, &token).await, path);
    }
}

#[tokio::test]
async fn roles_that_can_not_be_read_are_an_invalid_token() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).roles("roles").build().unwrap();
    let app = services(&AuthenticateLayer::bearer(verifier));
    for roles in [json!(1), json!(true), json!(["admin", 1]), json!([["admin"]])] {
        let token = issuer.token().audience(API).claim("roles", roles.clone()).mint();
        let response = get_with(&app, "/guard", &token).await;
        assert_eq!(response.status, 401, "{roles}");
        assert_eq!(response.json()["error"], "invalid_token", "{roles}");
    }
}

#[tokio::test]
async fn the_roles_of_a_cached_token_are_checked_for_each_request() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).roles("roles").build().unwrap();
    let app = services(&AuthenticateLayer::bearer(verifier));
    let token = issuer.token().audience(API).claim("roles", json!(["auditor"])).mint();
    for _ in 0..2 {
        assert_denied(&get_with(&app, "/guard", &token).await, "/guard");
        assert_eq!(get_with(&app, "/guard-any", &token).await.status, 200);
        assert_denied(&get_with(&app, "/row", &token).await, "/row");
        assert_eq!(get_with(&app, "/any", &token).await.status, 200);
    }
}

#[tokio::test]
async fn without_credentials_a_role_is_401_and_without_a_layer_500() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).roles("roles").build().unwrap();
    let app = services(&AuthenticateLayer::bearer(verifier));
    let request = || Request::get("/guard").body(Body::empty()).unwrap();
    assert_eq!(send(&app, request()).await.status, 401);
    let bare = Router::new().route("/guard", get("in")).layer(RequireRoleLayer::new("admin"));
    assert_eq!(send(&bare, request()).await.status, 500);
}

#[tokio::test]
async fn a_guard_for_no_role_is_a_misconfiguration() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).roles("roles").build().unwrap();
    let token = issuer.token().audience(API).claim("roles", json!(["admin", ""])).mint();
    for guard in [
        RequireRoleLayer::new(""),
        RequireRoleLayer::new("a\nadmin"),
        RequireRoleLayer::any::<String>([]),
        RequireRoleLayer::any(["admin", ""]),
    ] {
        let app = Router::new()
            .route("/", get("in").route_layer(guard.clone()))
            .layer(AuthenticateLayer::bearer(verifier.clone()));
        assert_eq!(get_with(&app, "/", &token).await.status, 500, "{guard:?}");
    }
}

// Verifies rfc9068-4-scope.
#[tokio::test]
async fn a_row_can_require_roles_scopes_and_claims_together() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).roles("roles").build().unwrap();
    let read = Scope::from_static("read");
    let row = Access::role("admin").and(read).and(Requirements::claim("/org/tenant", "acme"));
    let policies = Policies::builder()
        .route(Method::GET, "/", row)
        .route(Method::GET, "/verified", Access::claim("email_verified", true))
        .build()
        .unwrap();
    assert_eq!(policies.scopes().count(), 1);
    assert_eq!(
        policies.rows()[0].to_string(),
        "GET /: read, role `admin`, claim `/org/tenant` = `acme`"
    );
    let app = Router::new()
        .route("/", get("in"))
        .route("/verified", get("in"))
        .layer(AuthenticateLayer::bearer(verifier).policies(policies));
    for (scope, roles, tenant, status, named) in [
        ("read", "admin", "acme", 200, None),
        ("read", "admin", "other", 403, None),
        ("read", "user", "acme", 403, None),
        ("", "admin", "acme", 403, Some("read")),
        ("admin", "user", "acme", 403, Some("read")),
    ] {
        let token = issuer.token().audience(API).scope(scope).claim("roles", json!(roles));
        let token = token.claim("org", json!({ "tenant": tenant })).mint();
        let response = get_with(&app, "/", &token).await;
        assert_eq!(response.status.as_u16(), status, "{scope} {roles} {tenant}");
        let error = response.error.as_ref();
        assert_eq!(error.and_then(|error| error.scope()), named, "{scope} {roles} {tenant}");
        assert_eq!(response.challenge().is_some(), named.is_some());
    }
    for (verified, status) in
        [(json!(true), 200), (json!(false), 403), (json!("true"), 403), (json!(null), 403)]
    {
        let token = issuer.token().audience(API).claim("email_verified", verified).mint();
        assert_eq!(get_with(&app, "/verified", &token).await.status.as_u16(), status);
    }
}

#[tokio::test]
async fn a_401_of_a_row_for_a_role_names_no_scope() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).roles("roles").build().unwrap();
    let app = services(&AuthenticateLayer::bearer(verifier));
    let response = send(&app, Request::get("/row").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    assert_eq!(response.challenge(), Some(r#"Bearer realm="restricted""#));
}

#[test]
fn a_row_that_nothing_can_meet_is_rejected_by_its_value() {
    for (access, problem) in [
        (Access::role(""), "`` is not a valid role"),
        (Access::role("a\u{7}"), r"`a\u{7}` is not a valid role"),
        (Access::any_role::<String>([]), "must name at least one role"),
        (Access::any_role(["a", ""]), "`` is not a valid role"),
        (Access::claim("", true), "claim ``: must be the name of a claim, or a JSON pointer"),
        (
            Access::claim("/a~2", true),
            "claim `/a~2`: must be a JSON pointer, in which `~` is followed by `0` or `1`",
        ),
        (Access::role("a").and(Requirements::role("")), "`` is not a valid role"),
    ] {
        let error = Policies::builder().route(Method::GET, "/", access).build().unwrap_err();
        assert_eq!(error.to_string(), format!("policy `GET /`: {problem}"));
    }
}
