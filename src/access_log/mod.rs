//! Who made a request, in the access log of the service.
//!
//! An access log has a span or a line for each request, such as that of tower-http's `TraceLayer`. [`RecordIdentityLayer`]
//! records the identity in the current span, and [`record_rejection`] why a request was rejected. Both set only fields
//! that the span declares: `issuer`, `client_id`, `subject`; `reason`, `rule`, `expected`, `found`, `hint`.
//!
//! The subject is left out by default, because it names a person: see [`SubjectField`].
//!
//! `docs/operations.md` has the whole recipe for `TraceLayer`.

mod layer;
mod rejection;
mod service;
mod subject_field;

pub use self::{
    layer::RecordIdentityLayer, rejection::record_rejection, service::RecordIdentity,
    subject_field::SubjectField,
};
