//! Authentication: who makes the request.
//!
//! `policy` decides, `service` and `future` carry the decision, `layer` is what users write;
//! `original_uri` is what a refusal shows of the request's target.

mod future;
mod layer;
mod original_uri;
mod policy;
mod service;

pub use self::{future::ResponseFuture, layer::AuthenticateLayer, service::Authenticate};
