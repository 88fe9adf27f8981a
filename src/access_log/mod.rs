//! Identities and rejections in the access log of your service.
//!
//! An access log has a span or a line for each request, such as the span of tower-http's `TraceLayer`.
//! [`RecordIdentityLayer`] records the identity in the current span, and [`record_rejection`] records why a request was
//! rejected. Both set only fields that the span declares: `issuer`, `client_id`, `subject`; `reason`, `rule`,
//! `expected`, `found`, `hint`.
//!
//! By default, the subject isn't recorded, because it identifies a person: see [`SubjectField`].
//!
//! `docs/operations.md` contains a complete example with `TraceLayer`.
//!
//! ```
//! use portcullis::{Error, access_log::record_rejection, error::TokenFault};
//! use tower_layer::Layer;
//! # use portcullis::access_log::{RecordIdentity, RecordIdentityLayer, SubjectField};
//!
//! // Inside the layer that authenticates, for the fields of an identity.
//! let layer = RecordIdentityLayer::new(SubjectField::omitted());
//! let _service: RecordIdentity<()> = layer.layer(());
//!
//! // In the callback of `TraceLayer` for responses, for those of a rejection.
//! let span = tracing::info_span!("request", reason = tracing::field::Empty);
//! let mut response = http::Response::new(());
//! response.extensions_mut().insert(Error::from(TokenFault::Expired));
//! record_rejection(&span, response.extensions());
//! assert_eq!(Error::from_extensions(response.extensions()).unwrap().kind().reason(), "token_expired");
//! ```

mod layer;
mod rejection;
mod service;

#[doc(alias = "logging")]
pub use self::layer::RecordIdentityLayer;
pub use self::{rejection::record_rejection, service::RecordIdentity};
pub use crate::error::subject_field::SubjectField;
