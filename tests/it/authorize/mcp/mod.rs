//! Requests to MCP servers: the row of each operation, and sessions.
//!
//! `headers` tests operations in headers, `configuration` which tables can be built, `bodies` operations of older
//! clients in bodies, and `sessions` that a session stays with its subject.

#[cfg(feature = "mcp")]
mod bodies;
mod configuration;
mod headers;
#[cfg(feature = "mcp")]
mod sessions;

#[cfg(feature = "mcp")]
use axum::body::Body;
use http::{Request, request::Builder};
use portcullis::{
    Access, AuthenticateLayer, Policies, ProtectedResource, Scope, policies::Mcp,
    scope::ScopeHierarchy, testing::TestIssuer,
};

use crate::support::API;

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");
const ADMIN: Scope = Scope::from_static("orders:admin");

/// A version in which servers compare headers with bodies.
const CURRENT: &str = "2026-07-28";

fn mcp() -> Mcp {
    Mcp::tools([("list_orders", READ), ("execute_sql", ADMIN), ("=?base64?x?=", WRITE)])
        .tool("Bestellung ändern", READ.and(WRITE))
        .method("tools/list", Access::Anonymous)
        .prompt("summary", READ)
        .resource("file:///secret", ADMIN)
        .method("resources/read", READ)
        .method("sampling/createMessage", Access::Deny)
        .otherwise(READ)
}

/// Every scope of the table.
const EVERY: &str = "orders:read orders:admin orders:write";

fn policies(mcp: Mcp) -> Policies {
    Policies::builder().mcp("/mcp", mcp).any_method("/other", WRITE).build().unwrap()
}

fn layer(issuer: &TestIssuer, mcp: Mcp) -> AuthenticateLayer {
    let resource = ProtectedResource::builder("https://api.example/mcp").build().unwrap();
    AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap())
        .resource(resource)
        .policies(policies(mcp))
}

fn hierarchy() -> ScopeHierarchy {
    ScopeHierarchy::builder().implies(ADMIN, [READ, WRITE]).build().unwrap()
}

/// A POST to the endpoint with a token that has these scopes, or without a token.
fn post(issuer: &TestIssuer, scopes: Option<&str>) -> Builder {
    let request = Request::post("/mcp");
    match scopes {
        Some(scopes) => {
            let token = issuer.token().audience(API).scope(scopes).mint();
            request.header("authorization", format!("Bearer {token}"))
        }
        None => request,
    }
}

#[cfg(feature = "mcp")]
fn body(text: impl Into<String>) -> Body {
    Body::from(text.into())
}
