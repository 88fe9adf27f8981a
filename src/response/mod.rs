//! Rejections as HTTP responses: the one place where an error meets the wire.
//!
//! [`ErrorBody`] says how the body looks, [`JsonBody`] what is chosen about the default one, [`Rejection`]
//! is what it may show, [`RejectionBody`] is what a response's body type must be able to do; `render` puts
//! status, challenge and body together, `grpc` the same in gRPC.

mod body;
mod challenge;
mod content;
mod date;
mod error_body;
mod grpc;
#[cfg(feature = "http-body")]
mod http_body;
mod json;
mod json_body;
mod json_form;
mod progress;
mod rejection;
mod render;

#[cfg(feature = "tonic")]
pub(crate) use self::grpc::grpc_details;
#[cfg(feature = "http-body")]
pub use self::http_body::ResponseBody;
#[cfg(feature = "tonic")]
pub(crate) use self::progress::ReportedError;
pub use self::{
    body::RejectionBody, content::Content, error_body::ErrorBody, json_body::JsonBody,
    rejection::Rejection,
};
pub(crate) use self::{
    grpc::Protocol,
    json::escaped,
    progress::{Carried, Rendered, Reported},
    render::{Renderer, remove_challenge, stand_alone, unrendered},
};
