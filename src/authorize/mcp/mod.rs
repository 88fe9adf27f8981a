//! Services for MCP servers, placed inside [`AuthenticateLayer`](crate::AuthenticateLayer).
//!
//! `service` reads the operations of older clients from request bodies (`body_reader`), and passes the complete body on
//! (`body`). `session_layer` and `session_service` bind sessions to their subject.

mod body;
mod body_reader;
mod future;
mod service;
mod session_future;
mod session_key;
mod session_layer;
mod session_service;

pub use self::{
    body::McpBody, future::McpFuture, service::ReadMcpBodies, session_future::McpSessionFuture,
    session_layer::McpSessionLayer, session_service::McpSession,
};
