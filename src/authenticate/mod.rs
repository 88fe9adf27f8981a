//! Authentication of requests.
//!
//! `layer` has the options, with `layer_sources`, `layer_rejections`, `resource` and `dangerous`, and `config` stores
//! them. `decision` decides about the credentials, and `admission` about the identity. `service` and `future` carry out
//! the decision. `token_removal` and `used_credentials` adapt the request and the response to the place of the token,
//! and `original_uri` finds the target that a rejection shows.

mod admission;
mod challenge_scopes;
mod config;
mod dangerous;
mod decision;
mod diagnosis;
mod explain;
mod future;
mod layer;
mod layer_rejections;
mod layer_sources;
#[cfg(feature = "mcp")]
mod mcp_layer;
mod original_uri;
mod resource;
mod service;
mod token_removal;
mod used_credentials;

#[cfg(feature = "mcp")]
pub use self::mcp_layer::McpBodiesLayer;
pub use self::{
    dangerous::Dangerous, future::ResponseFuture, layer::AuthenticateLayer, service::Authenticate,
};
