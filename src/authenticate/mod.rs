//! Authentication: who makes the request.
//!
//! `policy` decides, `service` and `future` carry the decision, `layer` is what users write.

mod future;
mod layer;
mod policy;
mod service;

pub use self::{future::ResponseFuture, layer::AuthenticateLayer, service::Authenticate};
