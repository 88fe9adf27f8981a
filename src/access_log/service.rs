//! The service that records identities in spans.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::Request;
use tower_service::Service;
use tracing::{Span, field::display};

use super::{SubjectField, subject_field::Form};
use crate::{Identity, error::excerpt, identity::Caller};

/// The service that [`RecordIdentityLayer`](super::RecordIdentityLayer) creates.
#[derive(Debug, Clone)]
pub struct RecordIdentity<S> {
    inner: S,
    subject: Arc<SubjectField>,
}

impl<S> RecordIdentity<S> {
    pub(super) const fn new(inner: S, subject: Arc<SubjectField>) -> Self {
        Self { inner, subject }
    }

    fn record(&self, identity: &Identity) {
        let span = Span::current();
        if span.is_disabled() {
            return;
        }
        for (name, value) in [("issuer", identity.issuer()), ("client_id", identity.client_id())] {
            if let Some(value) = value {
                span.record(name, display(excerpt(value)));
            }
        }
        let Some(subject) = identity.subject() else { return };
        match &self.subject.0 {
            Form::Omitted => {}
            Form::Plain => {
                span.record("subject", display(excerpt(subject)));
            }
            Form::Hashed(digest) => {
                let issuer = identity.issuer().unwrap_or_default();
                let digest = digest.of(&[issuer.as_bytes(), subject.as_bytes()]);
                let start =
                    digest.bytes().first_chunk().map_or(0, |start| u64::from_be_bytes(*start));
                span.record("subject", display(format_args!("{start:016x}")));
            }
        }
    }
}

impl<S, B> Service<Request<B>> for RecordIdentity<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        if let Some(Caller::Identified(identity)) = request.extensions().get() {
            self.record(identity);
        }
        self.inner.call(request)
    }
}
