//! An MCP server whose tools require different scopes, and a client that discovers how to call them.
//!
//! ```sh
//! cargo run -p example-mcp
//! ```
//!
//! Starts an issuer and the server on free loopback ports. A client that only knows the URL of the server calls its tools
//! without a token, with one, and with one that lacks a scope. Exits with status 0 if all responses are as expected, and
//! with 1 otherwise.
//!
//! `orders.rs` is a server as `rmcp` documents it, with the caller's identity in its tools. `protect` below is all of the
//! authorization, and `client.rs` is the client.

mod client;
mod orders;

use std::{error::Error, process::ExitCode};

use axum::Router;
use portcullis::{
    Access, AuthenticateLayer, ConfigError, JwtVerifier, Policies, ProtectedResource, Scope,
    authorize::mcp::McpSessionLayer, policies::Mcp, scope::ScopeHierarchy, testing::TestIssuer,
};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use tokio::net::TcpListener;

use crate::{client::Client, orders::Orders};

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");
const ADMIN: Scope = Scope::from_static("orders:admin");

/// Adds authorization to a server.
fn protect(server: Router, url: &str, issuer: &str) -> Result<Router, ConfigError> {
    let resource = ProtectedResource::builder(format!("{url}/mcp")).name("Orders").build()?;
    let verifier = JwtVerifier::builder(issuer).resource(&resource).build()?;
    let mcp = Mcp::tools([("list_orders", READ), ("cancel_order", WRITE)])
        .method("tools/list", Access::Anonymous)
        .otherwise(Access::Authenticated);
    let layer = AuthenticateLayer::bearer(verifier)
        .resource(resource)
        .scope_hierarchy(ScopeHierarchy::builder().implies(ADMIN, [READ, WRITE]).build()?)
        .policies(Policies::builder().mcp("/mcp", mcp).build()?);
    Ok(server.layer(McpSessionLayer::new()).layer(layer.read_mcp_bodies(64 * 1024)))
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let issuer = TestIssuer::serve().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);

    let mcp = StreamableHttpService::new(
        || Ok(Orders::new()),
        LocalSessionManager::default().into(),
        StreamableHttpServerConfig::default(),
    );
    let app = Router::new().route_service("/mcp", mcp);
    let app = protect(app, &url, issuer.issuer())?;
    let server = tokio::spawn(async { axum::serve(listener, app).await });

    // The users of the issuer, and the client that acts on their behalf.
    for user in ["alice", "bob"] {
        issuer.register_user(user, "wonderland");
    }
    issuer.register_client("assistant", "secret");
    let is_as_stated = Client::new(&url)?.run().await?;
    server.abort();
    println!("{}", if is_as_stated { "every response as stated." } else { "NOT as stated." });
    Ok(if is_as_stated { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
