//! Authentication of requests: a layer that verifies credentials and renders rejections.
//!
//! Most services need only [`AuthenticateLayer`], which has all options. The other types are the service and the future
//! behind it, for signatures that name them, and [`Dangerous`], which has the options that weaken security.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{Request, Response};
//! use portcullis::{AuthenticateLayer, BearerToken, Identity, verify::BearerFn};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! let verifier = BearerFn::new(async |token: BearerToken<'static>| {
//!     let is_known = token.as_str() == "letmein";
//!     Ok(is_known.then(|| Identity::assertion().subject("guest").build()))
//! });
//! let handler = service_fn(async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(String::new())));
//! let service = AuthenticateLayer::bearer(verifier).realm("orders").layer(handler);
//!
//! for (token, status) in [("letmein", 200), ("guess", 401)] {
//!     let request = Request::get("/").header("authorization", format!("Bearer {token}")).body(())?;
//!     assert_eq!(service.clone().oneshot(request).await?.status(), status);
//! }
//! # Ok(())
//! # }
//! ```
//
// `layer` has the options, with `layer_sources`, `layer_rejections`, `resource` and `dangerous`, and `config` stores
// them. `decision` decides about the credentials, and `admission` about the identity. `service` and `future` carry out
// the decision. `token_removal` and `used_credentials` adapt the request and the response to the place of the token,
// and `original_uri` finds the target that a rejection shows.

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
