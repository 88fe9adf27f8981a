//! Guards: layers that decide what an authenticated request may do on a route.
//!
//! Guards read the identity that `authenticate` left in the request, and reject with an error that `authenticate`
//! renders. They never import it.

mod future;
mod layer;
mod role_layer;
mod scope_layer;
mod service;

pub use self::{
    future::RequireFuture, layer::RequireLayer, role_layer::RequireRoleLayer,
    scope_layer::RequireScopeLayer, service::Require,
};
