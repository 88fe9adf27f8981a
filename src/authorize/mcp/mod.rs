//! Services for MCP servers, placed inside [`AuthenticateLayer`](crate::AuthenticateLayer).
//!
//! [`McpSessionLayer`] binds sessions to their subject. [`ReadMcpBodies`] is the service behind
//! [`AuthenticateLayer::read_mcp_bodies`](crate::AuthenticateLayer::read_mcp_bodies), which reads the operations of
//! older clients from request bodies. The rows for tools and other operations are in [`Mcp`](crate::policies::Mcp).
//!
//! ```
//! use portcullis::authorize::mcp::McpSessionLayer;
//!
//! // Replicas share the secret.
//! assert!(McpSessionLayer::with_secret([7; 32].as_slice()).is_ok());
//! assert!(McpSessionLayer::with_secret("too short").is_err());
//! ```
//
// `service` reads the operations (`body_reader`), and passes the complete body on (`body`). `session_layer` and
// `session_service` bind sessions to their subject.

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
