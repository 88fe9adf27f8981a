//! Rejections as HTTP and gRPC responses. Only this module maps errors to the wire.
//!
//! [`ErrorBody`] determines the format of error bodies, and [`JsonBody`] has the options of the default one. A custom
//! format reads a [`Rejection`]. [`RejectionBody`] is implemented by body types of responses. `render` combines status,
//! challenge and body into an HTTP response, and `grpc` does the same for gRPC.

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

#[doc(alias = "reject")]
pub use self::error_body::ErrorBody;
#[cfg(feature = "tonic")]
pub(crate) use self::grpc::grpc_details;
#[cfg(feature = "http-body")]
pub use self::http_body::ResponseBody;
#[cfg(feature = "tonic")]
pub(crate) use self::progress::ReportedError;
pub use self::{body::RejectionBody, content::Content, json_body::JsonBody, rejection::Rejection};
pub(crate) use self::{
    grpc::Protocol,
    json::escaped,
    progress::{Carried, Rendered, Reported},
    render::{Renderer, remove_challenge, stand_alone, unrendered},
};
