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

mod layer;
mod rejection;
mod service;

#[doc(alias = "logging")]
pub use self::layer::RecordIdentityLayer;
pub use self::{rejection::record_rejection, service::RecordIdentity};
pub use crate::error::subject_field::SubjectField;
