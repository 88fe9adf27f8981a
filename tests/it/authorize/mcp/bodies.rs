//! Operations of older clients, whose headers don't name them, in bodies.

use axum::{Router, body::Body, routing::any};
use bytes::Bytes;
use http::Request;
use portcullis::{
    Access, AuthenticateLayer, BearerToken, ErrorKind, Identity, ScopeSet, Verification, Verify,
    policies::Mcp, testing::TestIssuer,
};
use tokio_stream::StreamExt;

use super::{ADMIN, CURRENT, READ, WRITE, body, hierarchy, layer, post};
use crate::support::{TestResponse, send};

const MAX: usize = 512;

fn rows() -> Mcp {
    Mcp::tools([("list_orders", READ), ("execute_sql", ADMIN)])
        .method("tools/list", Access::Anonymous)
        .method("logging/setLevel", WRITE)
        .otherwise(READ)
}

/// Every scope of these rows.
const EVERY: &str = "orders:read orders:admin orders:write";

/// A service that responds with the body of the request.
fn service(issuer: &TestIssuer) -> Router {
    Router::new()
        .route("/mcp", any(async |body: Bytes| body))
        .route("/other", any(async |body: Bytes| body))
        .layer(layer(issuer, rows()).read_mcp_bodies(MAX))
}

fn call(tool: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#)
}

fn method(method: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#)
}

async fn ask(app: &Router, issuer: &TestIssuer, scopes: Option<&str>, text: &str) -> TestResponse {
    send(app, post(issuer, scopes).body(body(text)).unwrap()).await
}

/// Checks that a body is accepted with exactly these scopes, and passed on unchanged.
async fn needs(app: &Router, issuer: &TestIssuer, text: &str, scopes: &str) {
    let accepted = ask(app, issuer, Some(scopes), text).await;
    assert_eq!((accepted.status.as_u16(), &*accepted.body), (200, text), "{scopes}");
    for missing in scopes.split(' ').filter(|scope| !scope.is_empty()) {
        let others: Vec<_> = scopes.split(' ').filter(|it| *it != missing).collect();
        let rejected = ask(app, issuer, Some(&others.join(" ")), text).await;
        assert_eq!(rejected.status, 403, "{text} without {missing}");
        let challenge = rejected.challenge().unwrap();
        assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
        assert!(challenge.contains(&format!(" scope=\"{scopes}\"")), "{text}: {challenge}");
        assert!(challenge.contains("resource_metadata="), "{challenge}");
    }
}

#[tokio::test]
async fn each_message_needs_the_row_of_its_operation() {
    let issuer = TestIssuer::new();
    let app = service(&issuer);
    for (text, scopes) in [
        (call("list_orders"), "orders:read"),
        (call("execute_sql"), "orders:admin"),
        (method("initialize"), "orders:read"),
        (method("notifications/initialized"), "orders:read"),
        (method("logging/setLevel"), "orders:write"),
        (method("tools/list"), ""),
        // A response of the client.
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_owned(), "orders:read"),
        (format!(" {}\n", call("execute_sql")), "orders:admin"),
        (call("\\u0065xecute_sql"), "orders:admin"),
        (call("new_tool"), EVERY),
        (method("tools/call"), EVERY),
    ] {
        needs(&app, &issuer, &text, scopes).await;
    }
}

#[tokio::test]
async fn a_batch_needs_the_scopes_of_all_its_messages() {
    let issuer = TestIssuer::new();
    let app = service(&issuer);
    for (messages, scopes) in [
        (vec![call("list_orders")], "orders:read"),
        (vec![call("list_orders"), method("tools/list")], "orders:read"),
        (vec![call("list_orders"), call("list_orders")], "orders:read"),
        (vec![call("list_orders"), call("execute_sql")], "orders:read orders:admin"),
        (vec![method("tools/list"), method("tools/list")], ""),
        (vec![call("list_orders"), method("logging/setLevel")], "orders:read orders:write"),
        (vec![call("list_orders"), call("new_tool")], EVERY),
    ] {
        needs(&app, &issuer, &format!("[{}]", messages.join(",")), scopes).await;
    }
}

#[tokio::test]
async fn what_cannot_be_read_needs_the_strictest_requirement() {
    let issuer = TestIssuer::new();
    let app = service(&issuer);
    let long = format!(r#"{{"method":"tools/list","x":"{}"}}"#, "x".repeat(MAX));
    let duplicate =
        r#"{"method":"tools/list","method":"tools/call","params":{"name":"execute_sql"}}"#;
    // With serde_json's feature `raw_value`, its `Value` is the message in the string.
    let raw =
        r#"{"$serde_json::private::RawValue":"{\"method\":\"tools/call\"}","method":"tools/list"}"#;
    for text in ["", "[]", "{}", "tools/list", "[1]", duplicate, raw, &long] {
        needs(&app, &issuer, text, EVERY).await;
    }
}

#[tokio::test]
async fn a_long_body_of_any_length_is_passed_on_unchanged() {
    let issuer = TestIssuer::new();
    let app = service(&issuer);
    let text = format!(r#"{{"method":"tools/list","x":"{}"}}"#, "x".repeat(3 * MAX));
    for (scopes, status) in [("orders:read", 403), (EVERY, 200)] {
        let chunks: Vec<_> = text.as_bytes().chunks(100).map(Bytes::copy_from_slice).collect();
        let chunks = tokio_stream::iter(chunks).map(Ok::<_, std::io::Error>);
        let request = post(&issuer, Some(scopes)).body(Body::from_stream(chunks)).unwrap();
        let response = send(&app, request).await;
        assert_eq!(response.status, status);
        assert_eq!(response.body == text, status == 200);
    }
}

#[tokio::test]
async fn anonymous_operations_need_no_token_and_others_are_401() {
    let issuer = TestIssuer::new();
    let app = service(&issuer);
    assert_eq!(ask(&app, &issuer, None, &method("tools/list")).await.status, 200);
    for (text, scopes) in [
        (call("execute_sql"), "orders:admin"),
        (call("list_orders"), "orders:read"),
        (format!("[{},{}]", method("tools/list"), call("execute_sql")), "orders:admin"),
        ("garbage".to_owned(), EVERY),
    ] {
        let response = ask(&app, &issuer, None, &text).await;
        assert_eq!(response.kind(), Some(ErrorKind::MissingCredentials), "{text}");
        let challenge = response.challenge().unwrap();
        assert!(challenge.contains(&format!(" scope=\"{scopes}\"")), "{text}: {challenge}");
        assert!(!challenge.contains("error="), "{challenge}");
    }
}

#[tokio::test]
async fn no_scope_is_named_for_a_batch_with_a_denied_operation() {
    let issuer = TestIssuer::new();
    let rows = rows().method("sampling/createMessage", Access::Deny);
    let app =
        Router::new().route("/mcp", any("done")).layer(layer(&issuer, rows).read_mcp_bodies(MAX));
    let denied = method("sampling/createMessage");
    for text in [format!("[{denied},{}]", call("execute_sql")), denied] {
        let anonymous = ask(&app, &issuer, None, &text).await;
        assert_eq!(anonymous.status, 401, "{text}");
        // Only the scope of operations without a row, because no scope is sufficient for this body.
        let challenge = anonymous.challenge().unwrap();
        assert!(!challenge.contains("orders:admin"), "{text}: {challenge}");
        let every = ask(&app, &issuer, Some(EVERY), &text).await;
        assert_eq!(every.kind(), Some(ErrorKind::AccessDenied), "{text}");
    }
}

/// Fails the test if it is read.
fn unread() -> Body {
    let chunks = std::iter::from_fn(|| -> Option<Result<Bytes, std::io::Error>> {
        panic!("the body of a rejected request was read")
    });
    Body::from_stream(tokio_stream::iter(chunks))
}

#[tokio::test]
async fn a_body_is_only_read_after_its_token_was_verified() {
    let issuer = TestIssuer::new();
    let rows = Mcp::tools([("list_orders", READ), ("execute_sql", ADMIN)]).otherwise(READ);
    let app = Router::new()
        .route("/mcp", any(async |body: Bytes| body))
        .layer(layer(&issuer, rows).read_mcp_bodies(MAX));
    let missing = send(&app, post(&issuer, None).body(unread()).unwrap()).await;
    assert_eq!(missing.status, 401);
    // The scope that `initialize` requires, because it is the first row.
    assert!(missing.challenge().unwrap().contains(" scope=\"orders:read\""));
    let request = Request::post("/mcp").header("authorization", "Bearer a.b.c");
    assert_eq!(send(&app, request.body(unread()).unwrap()).await.status, 401);
}

#[tokio::test]
async fn with_headers_of_the_current_version_the_body_is_not_read() {
    let issuer = TestIssuer::new();
    let app = service(&issuer);
    let request = |scopes| {
        post(&issuer, Some(scopes))
            .header("mcp-protocol-version", CURRENT)
            .header("mcp-method", "tools/call")
            .header("mcp-name", "execute_sql")
    };
    let response = send(&app, request("orders:read").body(unread()).unwrap()).await;
    assert_eq!(response.status, 403);
    let response = send(&app, request("orders:admin").body(body("anything")).unwrap()).await;
    assert_eq!((response.status.as_u16(), &*response.body), (200, "anything"));
}

#[tokio::test]
async fn other_paths_and_methods_are_not_read() {
    let issuer = TestIssuer::new();
    let app = service(&issuer);
    let token = issuer.token().audience(crate::support::API).scope("orders:write").mint();
    let request = Request::post("/other").header("authorization", format!("Bearer {token}"));
    let response = send(&app, request.body(body(call("execute_sql"))).unwrap()).await;
    assert_eq!(response.body, call("execute_sql"));
    let request = Request::delete("/mcp").header("authorization", format!("Bearer {token}"));
    assert_eq!(send(&app, request.body(unread()).unwrap()).await.status, 403);
}

#[tokio::test]
async fn a_broader_scope_is_sufficient_for_a_batch() {
    let issuer = TestIssuer::new();
    let layer = layer(&issuer, rows()).scope_hierarchy(hierarchy());
    let app = Router::new()
        .route("/mcp", any(async |body: Bytes| body))
        .layer(layer.read_mcp_bodies(MAX));
    let batch = format!("[{},{}]", call("list_orders"), call("execute_sql"));
    assert_eq!(ask(&app, &issuer, Some("orders:admin"), &batch).await.status, 200);
    let rejected = ask(&app, &issuer, Some("orders:read"), &batch).await;
    assert!(rejected.challenge().unwrap().contains(" scope=\"orders:admin\""));
}

/// Accepts every token with one scope, after the task has yielded once.
struct Slow;

impl Verify<BearerToken<'_>> for Slow {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::pending(async {
            tokio::task::yield_now().await;
            Ok(Identity::assertion().scopes(ScopeSet::from_wire("orders:read")).build())
        })
    }
}

#[tokio::test]
async fn bodies_are_read_after_asynchronous_verifications_too() {
    let layer = AuthenticateLayer::bearer(Slow).policies(super::policies(rows()));
    let app = Router::new()
        .route("/mcp", any(async |body: Bytes| body))
        .layer(layer.read_mcp_bodies(MAX));
    for (tool, status) in [("list_orders", 200), ("execute_sql", 403)] {
        let request = Request::post("/mcp").header("authorization", "Bearer x");
        let response = send(&app, request.body(body(call(tool))).unwrap()).await;
        assert_eq!(response.status, status, "{tool}");
    }
}
