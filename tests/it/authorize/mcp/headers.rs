//! Operations that the headers of a request name.

use axum::{Router, body::Body, routing::any};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use portcullis::{Access, ErrorKind, identity::Authentication, policies::Mcp, testing::TestIssuer};

use super::{ADMIN, CURRENT, EVERY, READ, hierarchy, layer, mcp, post};
use crate::support::{TestResponse, send};

fn service(issuer: &TestIssuer, mcp: Mcp) -> Router {
    Router::new().route("/mcp", any("done")).route("/other", any("done")).layer(layer(issuer, mcp))
}

async fn ask(
    app: &Router,
    issuer: &TestIssuer,
    scopes: Option<&str>,
    headers: &[(&'static str, &str)],
) -> TestResponse {
    let mut request = post(issuer, scopes).body(Body::empty()).unwrap();
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        request.headers_mut().append(HeaderName::from_static(name), value);
    }
    send(app, request).await
}

const VERSION: (&str, &str) = ("mcp-protocol-version", CURRENT);

fn call(name: &str) -> [(&'static str, &str); 3] {
    [VERSION, ("mcp-method", "tools/call"), ("mcp-name", name)]
}

fn method(method: &str) -> [(&'static str, &str); 2] {
    [VERSION, ("mcp-method", method)]
}

/// The requirement of an operation: scopes, nothing, or something that no token has.
#[derive(Debug, Clone, Copy)]
enum Needs<'a> {
    Denied,
    Nothing,
    Scopes(&'a str),
}

async fn check(
    app: &Router,
    issuer: &TestIssuer,
    headers: &[(&'static str, &str)],
    needs: Needs<'_>,
) {
    let anonymous = ask(app, issuer, None, headers).await;
    let without = ask(app, issuer, Some(""), headers).await;
    match needs {
        Needs::Nothing => {
            assert_eq!(anonymous.status, 200, "{headers:?}");
            assert_eq!(without.status, 200, "{headers:?}");
        }
        Needs::Denied => {
            assert_eq!(anonymous.status, 401, "{headers:?}");
            assert!(!anonymous.challenge().unwrap().contains(" scope="), "{headers:?}");
            let every = ask(app, issuer, Some(EVERY), headers).await;
            assert_eq!(every.kind(), Some(ErrorKind::AccessDenied), "{headers:?}");
        }
        Needs::Scopes(scopes) => {
            for (response, status) in [(&anonymous, 401), (&without, 403)] {
                assert_eq!(response.status, status, "{headers:?}");
                let challenge = response.challenge().unwrap();
                assert!(
                    challenge.contains(&format!(" scope=\"{scopes}\"")),
                    "{headers:?} {challenge}"
                );
                assert!(challenge.contains("resource_metadata=\"https://"), "{challenge}");
            }
            let with = ask(app, issuer, Some(scopes), headers).await;
            assert_eq!(with.status, 200, "{headers:?}");
            let list: Vec<_> = scopes.split(' ').collect();
            for missing in &list {
                let others: Vec<_> = list.iter().copied().filter(|it| it != missing).collect();
                let response = ask(app, issuer, Some(&others.join(" ")), headers).await;
                assert_eq!(response.status, 403, "{headers:?} without {missing}");
                let challenge = response.challenge().unwrap();
                assert!(challenge.contains(&format!(" scope=\"{scopes}\"")), "{challenge}");
            }
        }
    }
}

#[tokio::test]
async fn each_operation_needs_its_row() {
    let issuer = TestIssuer::new();
    let without_denied = Mcp::tools([("list_orders", READ), ("execute_sql", ADMIN)])
        .tool("=?base64?x?=", super::WRITE)
        .tool("Bestellung ändern", READ.and(super::WRITE))
        .method("tools/list", Access::Anonymous)
        .prompt("summary", READ)
        .resource("file:///secret", ADMIN)
        .method("resources/read", READ)
        .otherwise(READ);
    let app = service(&issuer, without_denied);
    let (read, admin) = (Needs::Scopes("orders:read"), Needs::Scopes("orders:admin"));
    for (headers, needs) in [
        (&call("list_orders")[..], read),
        (&call("=?base64?bGlzdF9vcmRlcnM=?="), read),
        (&call("execute_sql"), admin),
        (&call("=?base64?ZXhlY3V0ZV9zcWw=?="), admin),
        (&call("=?base64?PT9iYXNlNjQ/eD89?="), Needs::Scopes("orders:write")),
        (&call("=?base64?QmVzdGVsbHVuZyDDpG5kZXJu?="), Needs::Scopes("orders:read orders:write")),
        (&method("tools/list"), Needs::Nothing),
        (&method("initialize"), read),
        (&method("server/discover"), read),
        (&method("notifications/cancelled"), read),
        (&[VERSION, ("mcp-method", "prompts/get"), ("mcp-name", "summary")], read),
        (&[VERSION, ("mcp-method", "resources/read"), ("mcp-name", "file:///secret")], admin),
        (&[VERSION, ("mcp-method", "resources/subscribe"), ("mcp-name", "file:///secret")], admin),
        // A name without a row has the row of its method.
        (&[VERSION, ("mcp-method", "resources/read"), ("mcp-name", "file:///x")], read),
        // A name of another kind is ignored.
        (&[VERSION, ("mcp-method", "tools/list"), ("mcp-name", "execute_sql")], Needs::Nothing),
        // Unreadable values, and names without any row, have to meet the strictest requirement.
        (&call("new_tool"), Needs::Scopes(EVERY)),
        (&call("List_orders"), Needs::Scopes(EVERY)),
        (&call(" list_orders"), Needs::Scopes(EVERY)),
        (&call("=?base64?bGlzdF9vcmRlcnM?="), Needs::Scopes(EVERY)),
        (&call("=?base64?/w==?="), Needs::Scopes(EVERY)),
        (&call("caf\u{e9}"), Needs::Scopes(EVERY)),
        (&method("tools/call"), Needs::Scopes(EVERY)),
        (&method("resources/read"), Needs::Scopes(EVERY)),
        (&[VERSION, ("mcp-method", "prompts/get"), ("mcp-name", "x")], Needs::Scopes(EVERY)),
        (
            &[
                VERSION,
                ("mcp-method", "tools/call"),
                ("mcp-name", "list_orders"),
                ("mcp-name", "execute_sql"),
            ],
            Needs::Scopes(EVERY),
        ),
        (
            &[VERSION, ("mcp-method", "tools/list"), ("mcp-method", "tools/call")],
            Needs::Scopes(EVERY),
        ),
    ] {
        check(&app, &issuer, headers, needs).await;
    }
}

#[tokio::test]
async fn headers_are_ignored_in_versions_without_comparison() {
    let issuer = TestIssuer::new();
    let app = service(
        &issuer,
        Mcp::tools([("list_orders", READ), ("execute_sql", ADMIN)]).otherwise(READ),
    );
    let every = Needs::Scopes("orders:read orders:admin");
    let (method, name) = (("mcp-method", "tools/call"), ("mcp-name", "list_orders"));
    for headers in [
        &[][..],
        &[method, name],
        &[("mcp-protocol-version", "2025-11-25"), method, name],
        &[("mcp-protocol-version", "2026-07-27"), method, name],
        &[("mcp-protocol-version", "9999"), method, name],
        &[("mcp-protocol-version", "z"), method, name],
        &[VERSION, VERSION, method, name],
        &[VERSION, ("mcp-protocol-version", "2025-11-25"), method, name],
        &[VERSION, name],
    ] {
        check(&app, &issuer, headers, every).await;
    }
    let read = Needs::Scopes("orders:read");
    check(&app, &issuer, &[("mcp-protocol-version", "2027-01-01"), method, name], read).await;

    let ignoring = Mcp::tools([("list_orders", READ), ("execute_sql", ADMIN)]).ignore_headers();
    check(&service(&issuer, ignoring), &issuer, &call("list_orders"), every).await;
}

#[tokio::test]
async fn a_denied_operation_is_denied_and_so_is_an_unknown_one() {
    let issuer = TestIssuer::new();
    let app = service(&issuer, mcp());
    check(&app, &issuer, &method("sampling/createMessage"), Needs::Denied).await;
    check(&app, &issuer, &call("list_orders"), Needs::Scopes("orders:read")).await;
    // The operation could be the denied one.
    check(&app, &issuer, &[], Needs::Denied).await;
    check(&app, &issuer, &call("new_tool"), Needs::Denied).await;
}

#[tokio::test]
async fn methods_other_than_post_need_what_other_operations_need() {
    let issuer = TestIssuer::new();
    let app = service(&issuer, mcp());
    let token = issuer.token().audience(crate::support::API).scope("orders:read").mint();
    for method in ["GET", "HEAD", "DELETE", "PUT"] {
        for (scheme, status) in [("Bearer", StatusCode::OK), ("Unknown", StatusCode::UNAUTHORIZED)]
        {
            let request = Request::builder()
                .method(method)
                .uri("/mcp")
                .header("authorization", format!("{scheme} {token}"))
                // A header that only a POST may use.
                .header("mcp-protocol-version", CURRENT)
                .header("mcp-method", "tools/list");
            let response = send(&app, request.body(Body::empty()).unwrap()).await;
            assert_eq!(response.status, status, "{method} {scheme}");
        }
    }
}

#[tokio::test]
async fn rows_of_other_paths_are_not_affected_by_the_headers() {
    let issuer = TestIssuer::new();
    let app = service(&issuer, mcp());
    for (path, status) in
        [("/other", 403), ("/mcp/", 403), ("/MCP", 403), ("/mcp/x", 403), ("/mcp", 200)]
    {
        let token = issuer.token().audience(crate::support::API).scope("orders:read").mint();
        let mut request = Request::post(path).header("authorization", format!("Bearer {token}"));
        for (name, value) in call("list_orders") {
            request = request.header(name, value);
        }
        let response = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_broader_scope_is_sufficient_for_every_operation() {
    let issuer = TestIssuer::new();
    let mcp = Mcp::tools([("list_orders", READ), ("execute_sql", ADMIN)]).otherwise(READ);
    let layer = layer(&issuer, mcp).scope_hierarchy(hierarchy());
    let app = Router::new().route("/mcp", any("done")).layer(layer);
    for headers in [&call("list_orders")[..], &call("execute_sql"), &method("ping"), &[]] {
        let response = ask(&app, &issuer, Some("orders:admin"), headers).await;
        assert_eq!(response.status, 200, "{headers:?}");
    }
    // The challenge leaves out what another scope implies.
    for scopes in [None, Some("orders:read")] {
        let response = ask(&app, &issuer, scopes, &[]).await;
        let challenge = response.challenge().unwrap();
        assert!(challenge.contains(" scope=\"orders:admin\""), "{challenge}");
    }
}

#[tokio::test]
async fn an_expired_token_is_401_whatever_it_asks_for() {
    let issuer = TestIssuer::new();
    let app = service(&issuer, mcp());
    let token = issuer
        .token()
        .audience(crate::support::API)
        .claim("exp", serde_json::json!(1_000_000))
        .mint();
    for headers in [&call("list_orders")[..], &method("tools/list"), &[]] {
        let mut request = Request::post("/mcp").header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status, 401, "{headers:?}");
        assert!(response.challenge().unwrap().contains("invalid_token"));
    }
}

#[tokio::test]
async fn open_other_operations_open_none_that_cannot_be_read() {
    let issuer = TestIssuer::new();
    let mcp = |otherwise| Mcp::tools([("execute_sql", ADMIN)]).otherwise(otherwise);
    let admin = Needs::Scopes("orders:admin");
    for otherwise in [Access::Anonymous, Access::DangerouslyAnonymous] {
        let app = service(&issuer, mcp(otherwise.clone()));
        for (headers, needs) in [
            (&call("execute_sql")[..], admin),
            (&call("new_tool"), admin),
            (&[], admin),
            (&method("initialize"), Needs::Nothing),
        ] {
            check(&app, &issuer, headers, needs).await;
        }
        // An invalid token is an error, unless every operation is open to it.
        let token = issuer.token().audience("https://other.example").mint();
        let request = Request::post("/mcp").header("authorization", format!("Bearer {token}"));
        let response = send(&app, request.body(Body::empty()).unwrap()).await;
        assert!(matches!(response.kind(), Some(ErrorKind::InvalidToken(_))), "{otherwise}");
    }
    let open = Mcp::tools([("list_orders", Access::Anonymous)]).otherwise(Access::Anonymous);
    check(&service(&issuer, open), &issuer, &[], Needs::Nothing).await;
}

#[tokio::test]
async fn a_tool_may_require_roles_and_step_up() {
    let issuer = TestIssuer::new();
    let rows = Mcp::tools([("list_orders", READ)])
        .tool("pay", Access::from(READ).and(Authentication::acr(["urn:example:mfa"])))
        .tool("audit", Access::role("auditor"))
        .otherwise(READ);
    let app = service(&issuer, rows);
    let token = |acr: Option<&str>| {
        let token = issuer.token().audience(crate::support::API).scope("orders:read");
        match acr {
            Some(acr) => token.claim("acr", serde_json::json!(acr)).mint(),
            None => token.mint(),
        }
    };
    let (plain, stepped_up) = (token(None), token(Some("urn:example:mfa")));
    // Without headers, the request may be for any tool.
    let cases: [(&str, &[(&str, &str)], u16); 8] = [
        (&plain, &call("list_orders"), 200),
        (&plain, &call("pay"), 401),
        (&plain, &call("audit"), 403),
        (&plain, &[], 401),
        (&stepped_up, &call("list_orders"), 200),
        (&stepped_up, &call("pay"), 200),
        (&stepped_up, &call("audit"), 403),
        (&stepped_up, &[], 403),
    ];
    for (token, headers, status) in cases {
        let mut request = Request::post("/mcp").header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status, status, "{headers:?}");
        if status == 401 {
            let challenge = response.challenge().unwrap();
            assert!(
                challenge.contains("error=\"insufficient_user_authentication\""),
                "{challenge}"
            );
            assert!(challenge.contains("acr_values=\"urn:example:mfa\""), "{challenge}");
        }
    }
}
