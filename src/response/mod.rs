//! Rejections as HTTP and gRPC responses.
//!
//! [`ErrorBody`] determines the format of error bodies, and [`JsonBody`] has the options of the default one. A custom
//! format reads a [`Rejection`], and returns [`Content`]. [`RejectionBody`] is implemented by body types of responses.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use portcullis::{BearerToken, verify::BearerFn};
//! use http::{Request, Response};
//! use portcullis::{
//!     AuthenticateLayer, ErrorBody,
//!     response::{Content, Rejection},
//! };
//! use tower::{Layer, ServiceExt, service_fn};
//! # let verifier = BearerFn::new(async |_: BearerToken<'static>| Ok(None));
//!
//! let text = ErrorBody::custom(|rejection: &Rejection<'_>| {
//!     Content::text(rejection.error().status().to_string())
//! });
//! let handler = service_fn(async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(String::new())));
//! let service = AuthenticateLayer::bearer(verifier).error_body(text).layer(handler);
//! let response = service.oneshot(Request::get("/").body(())?).await?;
//! assert_eq!(response.body(), "401 Unauthorized");
//! # Ok(())
//! # }
//! ```
//
// Only this module maps errors to the wire. `render` combines status, challenge and body into an HTTP response, and
// `grpc` does the same for gRPC.

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
