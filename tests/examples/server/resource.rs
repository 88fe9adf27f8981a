//! `RESOURCE` and `SCOPE_HIERARCHY`.

use portcullis::testing::{ServedIssuer, TestIssuer};
use serde_json::json;

use super::{API, serve};
use crate::program::{Program, Server};

const RESOURCE: &str = "https://api.example/orders";
const PATH: &str = "/.well-known/oauth-protected-resource/orders";
const METADATA: &str =
    r#"resource_metadata="https://api.example/.well-known/oauth-protected-resource/orders""#;

/// Starts the server with a resource and without `AUDIENCE`.
fn described(issuer: &ServedIssuer, variables: &[(&str, &str)]) -> Server {
    let mut all = vec![("ISSUER", issuer.issuer()), ("RESOURCE", RESOURCE)];
    all.extend_from_slice(variables);
    Server::start("server", &all)
}

#[tokio::test]
async fn the_document_describes_the_server() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = described(&issuer, &[("QUERY_TOKEN", "1")]);
    let response = server.ask(&format!("GET {PATH}"), None).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        response.json(),
        json!({
            "resource": RESOURCE,
            "authorization_servers": [issuer.issuer()],
            "scopes_supported": ["api:read", "api:write"],
            "bearer_methods_supported": ["header", "query"],
        })
    );
    let head = server.ask(&format!("HEAD {PATH}"), Some("not-a-token")).await;
    assert_eq!((head.status, &*head.body), (200, ""));
    assert_eq!(head.header("content-length"), Some(&*response.body.len().to_string()));
    assert_eq!(server.ask(&format!("OPTIONS {PATH}"), None).await.status, 204);
    assert_eq!(server.ask(&format!("POST {PATH}"), None).await.status, 405);
    assert_eq!(server.ask("GET /.well-known/oauth-protected-resource", None).await.status, 404);
}

#[tokio::test]
async fn challenges_name_the_document() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = described(&issuer, &[("BASIC_USERS", "bob:builder")]);
    let plain = issuer.token().audience(RESOURCE).mint();
    for (route, token, status, rest) in [
        ("GET /me", None, 401, ""),
        (
            "GET /me",
            Some("not-a-token"),
            401,
            r#", error="invalid_token", error_description="Token malformed.""#,
        ),
        (
            "GET /public",
            Some("not-a-token"),
            401,
            r#", error="invalid_token", error_description="Token malformed.""#,
        ),
        (
            "POST /write",
            Some(&*plain),
            403,
            r#", error="insufficient_scope", error_description="Token lacks the required scope.", scope="api:read api:write""#,
        ),
    ] {
        let response = server.ask(route, token).await;
        assert_eq!(response.status, status, "{route}");
        let lines = response.headers.get_all("www-authenticate").iter();
        let lines: Vec<_> = lines.map(|line| line.to_str().unwrap()).collect();
        let basic = r#"Basic realm="restricted", charset="UTF-8""#;
        assert_eq!(lines, [&*format!("Bearer {METADATA}{rest}"), basic], "{route}");
    }
}

#[tokio::test]
async fn the_resource_is_the_audience_unless_another_one_is_given() {
    let issuer = TestIssuer::serve().await.unwrap();
    issuer.register_client("rs", "rs-secret");
    let endpoint = format!("{}/introspect", issuer.issuer());
    let introspection = [
        ("INTROSPECTION_URL", &*endpoint),
        ("INTROSPECTION_CLIENT_ID", "rs"),
        ("INTROSPECTION_CLIENT_SECRET", "rs-secret"),
    ];
    let with_audience = [&introspection[..], &[("AUDIENCE", API)]].concat();
    for (variables, accepted, rejected) in
        [(&introspection[..], RESOURCE, API), (&with_audience, API, RESOURCE)]
    {
        let server = described(&issuer, variables);
        for (audience, status) in [(accepted, 200), (rejected, 401)] {
            let token = || issuer.token().audience(audience);
            for token in [token().mint(), token().mint_opaque()] {
                assert_eq!(server.ask("GET /me", Some(&token)).await.status, status, "{audience}");
            }
        }
        // The document stays that of the resource.
        assert_eq!(server.ask(&format!("GET {PATH}"), None).await.json()["resource"], RESOURCE);
    }
}

#[tokio::test]
async fn a_resource_without_a_path_is_described_at_the_root() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = serve(&issuer, &[("RESOURCE", API)]);
    let document = server.ask("GET /.well-known/oauth-protected-resource", None).await;
    assert_eq!(document.json()["resource"], API);
    let server = serve(&issuer, &[]);
    let missing = server.ask("GET /.well-known/oauth-protected-resource", None).await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn a_broader_scope_is_sufficient_by_the_hierarchy() {
    let issuer = TestIssuer::serve().await.unwrap();
    let hierarchy = "api:admin>api:write;api:write > api:read ;";
    let server = serve(
        &issuer,
        &[
            ("SCOPE_HIERARCHY", hierarchy),
            ("BASIC_USERS", "bob:builder"),
            ("BASIC_SCOPES", "api:admin"),
        ],
    );
    for (scope, read, write) in [
        ("api:read", 200, 403),
        ("api:write", 200, 200),
        ("api:admin", 200, 200),
        ("api", 403, 403),
    ] {
        let token = issuer.token().audience(API).scope(scope).mint();
        assert_eq!(server.ask("GET /read", Some(&token)).await.status, read, "{scope}");
        assert_eq!(server.ask("POST /write", Some(&token)).await.status, write, "{scope}");
    }
    let bob = [("authorization", "Basic Ym9iOmJ1aWxkZXI=")];
    assert_eq!(server.ask_with("POST /write", &bob).await.status, 200);
    // The scopes are shown as they were granted.
    let me = server.ask_with("GET /me", &bob).await.json();
    assert_eq!(me["scopes"], json!(["api:admin"]));
}

#[tokio::test]
async fn a_scope_without_effect_is_logged() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = described(&issuer, &[("SCOPE_HIERARCHY", "api:admin>api:raed api:write")]);
    let line = server.program.logged("these scopes of the hierarchy");
    assert!(line.contains("WARN") && line.contains("api:raed"), "{line}");
    assert!(!line.contains("api:admin"), "{line}");
}

#[test]
fn invalid_values_are_named() {
    let variables =
        |name, value| [("ISSUER", "https://as.example"), ("AUDIENCE", API), (name, value)];
    for (name, value, shown) in [
        ("RESOURCE", "api.example", "`api.example`: not an absolute URL"),
        ("RESOURCE", "http://api.example", "`http://api.example`: must use https"),
        ("RESOURCE", "https://api.example/#a", "must not have a user name or a fragment"),
        ("SCOPE_HIERARCHY", "api:read", "`api:read`: has no `>`"),
        ("SCOPE_HIERARCHY", "a>b;b>a", "`a > b > a`: a scope implies itself"),
        ("SCOPE_HIERARCHY", "a>", "`a`: implies nothing"),
        ("SCOPE_HIERARCHY", "a>b,\u{e9}", "is not a scope"),
    ] {
        let ended = Program::start("server", &variables(name, value)).end();
        assert_eq!(ended.status.code(), Some(2), "{name} {value}");
        let [line] = &*ended.stderr else { panic!("{name} {value}: {:?}", ended.stderr) };
        assert!(line.starts_with(name) && line.contains(shown), "{line}");
    }
}
