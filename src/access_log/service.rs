//! The service that records identities in spans.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::Request;
use tower_service::Service;
use tracing::{Span, field::display};

use super::SubjectField;
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
        if let Some(shown) = self.subject.shown(identity.issuer(), subject) {
            span.record("subject", display(shown));
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
