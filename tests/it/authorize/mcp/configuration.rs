//! Which tables with MCP endpoints can be built, and what they show.

use http::Method;
use portcullis::{Access, Policies, policies::Mcp, scope::ScopePolicy};

use super::{ADMIN, READ, mcp, policies};

fn error(builder: portcullis::policies::PoliciesBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn a_table_that_contradicts_itself_is_rejected_with_the_rows() {
    let builder = || Policies::builder();
    let read = || Mcp::tools([("a", READ)]);
    for (rows, part) in [
        (builder().mcp("/mcp", Mcp::new()), "MCP /mcp"),
        (builder().mcp("mcp", read()), "MCP mcp tools/call a"),
        (builder().mcp("/mcp", read().tool("a", ADMIN)), "`MCP /mcp tools/call a: orders:read`"),
        (builder().mcp("/mcp", read().tool("a", READ)), "MCP /mcp tools/call a"),
        (builder().mcp("/mcp", read().method("x", READ).method("x", READ)), "MCP /mcp x"),
        (builder().mcp("/mcp", read().otherwise(READ).otherwise(ADMIN)), "other operations"),
        (builder().mcp("/mcp", read().tool("", READ)), "empty name"),
        (builder().mcp("/mcp", read().method("", READ)), "empty name"),
        (builder().mcp("/mcp", read().tool("b", ScopePolicy::all([]))), "tools/call b"),
        (builder().mcp("/mcp", read()).mcp("/mcp", read()), "conflicts"),
        (builder().mcp("/mcp", read()).any_method("/mcp", READ), "conflicts"),
        (builder().mcp("/mcp", read()).any_method("/mcp/", READ), "conflicts"),
        (builder().mcp("/mcp", read()).any_method("/MCP", READ), "spelling"),
        (builder().mcp("/mcp", read()).unlisted_authenticated(), "unlisted_authenticated"),
        (builder().mcp("/mcp/%20", read()).forwarding(), "ambiguous"),
    ] {
        let error = error(rows);
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn an_endpoint_may_have_a_row_for_an_http_method() {
    let policies = Policies::builder()
        .mcp("/mcp", Mcp::tools([("a", READ)]).otherwise(READ))
        .route(Method::GET, "/mcp", Access::Deny)
        .mcp("/other/{tenant}", Mcp::new().otherwise(ADMIN))
        .build()
        .unwrap();
    assert_eq!(*policies.access(&Method::GET, "/mcp"), Access::Deny);
    assert_eq!(*policies.access(&Method::POST, "/mcp"), READ.into());
    assert_eq!(policies.mcp_access("/other/1", "tools/call", Some("a")), [&ADMIN.into()]);
}

#[test]
fn the_rows_show_every_operation_and_every_scope() {
    let policies = policies(mcp());
    let shown = policies.to_string();
    for line in [
        "MCP /mcp tools/call execute_sql: orders:admin",
        "MCP /mcp tools/list: anonymous",
        "MCP /mcp resources/read file:///secret: orders:admin",
        "MCP /mcp sampling/createMessage: denied",
        "MCP /mcp other operations: orders:read",
    ] {
        assert!(shown.lines().any(|it| it == line), "{shown}");
    }
    let scopes: Vec<_> = policies.scopes().map(portcullis::Scope::as_str).collect();
    assert_eq!(scopes, ["orders:admin", "orders:read", "orders:write"]);
    let row = &policies.rows()[0];
    assert_eq!(
        (row.method(), row.path(), row.operation()),
        (None, "/mcp", Some("tools/call list_orders"))
    );
    assert_eq!(policies.rows().last().unwrap().operation(), None);
}
