//! The server, with `rmcp`. The table in `main.rs` defines what each tool requires.

use axum::http::request::Parts;
use portcullis::RequestIdentity;
use rmcp::{
    ErrorData, ServerHandler,
    handler::server::{router::tool::ToolRouter, tool::Extension, wrapper::Parameters},
    model::{CallToolResult, ContentBlock, ServerCapabilities, ServerConfig},
    schemars, tool, tool_handler, tool_router,
};
use serde::Deserialize;

/// The claims that the tools use. They are deserialized once for each token.
#[derive(Debug, Deserialize)]
struct Caller {
    sub: String,
    client_id: String,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct Cancel {
    /// The number of the order.
    order: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Orders {
    tool_router: ToolRouter<Self>,
}

#[tool_router]
impl Orders {
    pub(crate) fn new() -> Self {
        Self { tool_router: Self::tool_router() }
    }

    #[tool(description = "Lists the orders of the user")]
    async fn list_orders(
        &self,
        Extension(parts): Extension<Parts>,
    ) -> Result<CallToolResult, ErrorData> {
        let identity = parts.identity().map_err(|error| rejected(&error))?;
        Ok(text(format!("orders of {}: 7, 8", identity.subject().unwrap_or("nobody"))))
    }

    #[tool(description = "Cancels an order of the user")]
    async fn cancel_order(
        &self,
        Parameters(Cancel { order }): Parameters<Cancel>,
        Extension(parts): Extension<Parts>,
    ) -> Result<CallToolResult, ErrorData> {
        let caller = parts.claims::<Caller>().map_err(|error| rejected(&error))?;
        Ok(text(format!("order {order} cancelled for {} by {}", caller.sub, caller.client_id)))
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

/// Converts an error to the message that clients may see. Its `Display` is for the operator.
fn rejected(error: &portcullis::Error) -> ErrorData {
    ErrorData::internal_error(error.kind().description(), None)
}
