//! Authorization: what the request may do.
//!
//! Guards read the identity that `authenticate` left in the request, and reject by an error that
//! `authenticate` renders. They never import it.

mod future;
mod layer;
mod role_layer;
mod scope_layer;
mod service;

pub use self::{
    future::RequireFuture, layer::RequireLayer, role_layer::RequireRoleLayer,
    scope_layer::RequireScopeLayer, service::Require,
};
