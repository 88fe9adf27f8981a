//! A server with three tools that need different scopes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, http::request::Parts};
use portcullis::{
    Access, AuthenticateLayer, Policies, ProtectedResource, RequestIdentity, Scope,
    authorize::mcp::McpSessionLayer, policies::Mcp,
};
use rmcp::{
    ErrorData, ServerHandler,
    handler::server::{router::tool::ToolRouter, tool::Extension},
    model::{CallToolResult, ContentBlock, ServerCapabilities, ServerConfig},
    tool, tool_handler, tool_router,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde::Deserialize;

pub(crate) const READ: Scope = Scope::from_static("api:read");
pub(crate) const WRITE: Scope = Scope::from_static("api:write");

/// The number of calls of each tool that changes something.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls(Arc<AtomicUsize>);

impl Calls {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// The claims as a type of the service.
#[derive(Debug, Deserialize)]
struct Caller {
    sub: String,
    aud: String,
}

#[derive(Debug, Clone)]
struct Orders {
    calls: Calls,
    tool_router: ToolRouter<Self>,
}

#[tool_router]
impl Orders {
    #[tool(description = "Returns the subject")]
    async fn list_orders(
        &self,
        Extension(parts): Extension<Parts>,
    ) -> Result<CallToolResult, ErrorData> {
        let identity = parts.identity().map_err(|error| rejected(&error))?;
        let scopes: Vec<_> = identity.scopes().iter().collect();
        let subject = identity.subject().unwrap_or("nobody");
        Ok(text(format!("{subject} with {}", scopes.join(" "))))
    }

    #[tool(description = "Returns the claims")]
    async fn claims(
        &self,
        Extension(parts): Extension<Parts>,
    ) -> Result<CallToolResult, ErrorData> {
        let caller = parts.claims::<Caller>().map_err(|error| rejected(&error))?;
        Ok(text(format!("{} for {}", caller.sub, caller.aud)))
    }

    #[tool(description = "Counts its calls")]
    async fn cancel_order(&self) -> CallToolResult {
        self.calls.0.fetch_add(1, Ordering::SeqCst);
        text("cancelled".to_owned())
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Orders {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}

fn text(text: String) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

fn rejected(error: &portcullis::Error) -> ErrorData {
    ErrorData::internal_error(error.kind().description(), None)
}

/// The server at `/mcp`, and the number of calls of `cancel_order`.
pub(crate) fn unprotected(config: StreamableHttpServerConfig) -> (Router, Calls) {
    let calls = Calls::default();
    let orders = Orders { calls: calls.clone(), tool_router: Orders::tool_router() };
    let service = StreamableHttpService::new(
        move || Ok(orders.clone()),
        LocalSessionManager::default().into(),
        config,
    );
    (Router::new().route_service("/mcp", service), calls)
}

/// What the tools need.
pub(crate) fn rows() -> Mcp {
    Mcp::tools([("list_orders", READ), ("claims", READ), ("cancel_order", WRITE)])
        .method("tools/list", Access::Anonymous)
        .otherwise(READ)
}

/// The server behind a layer that reads bodies, and a guard for its sessions.
pub(crate) fn protected(layer: AuthenticateLayer, resource: ProtectedResource) -> (Router, Calls) {
    let (server, calls) = unprotected(StreamableHttpServerConfig::default());
    let policies = Policies::builder().mcp("/mcp", rows()).build().unwrap();
    let layer = layer.resource(resource).policies(policies).read_mcp_bodies(64 * 1024);
    (server.layer(McpSessionLayer::new()).layer(layer), calls)
}
