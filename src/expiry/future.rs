//! The response future of a service whose responses may end early.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;

use super::{Expired, ExpiringBody};
use crate::{
    Error,
    response::{RejectionBody, stand_alone},
};

pin_project! {
    /// The response future of [`EndAtExpiry`](crate::expiry::EndAtExpiry).
    pub struct EndAtExpiryFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Responding { #[pin] response: F, expired: Option<Expired> },
        Rejected { error: Option<Error> },
    }
}

impl<F> EndAtExpiryFuture<F> {
    pub(super) const fn responding(response: F, expired: Option<Expired>) -> Self {
        Self { state: State::Responding { response, expired } }
    }

    /// Creates a rejection that is reported and rendered at once, because no outer layer seems to exist.
    pub(super) const fn rejected(error: Error) -> Self {
        Self { state: State::Rejected { error: Some(error) } }
    }
}

impl<F, B, E> Future for EndAtExpiryFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: http_body::Body + RejectionBody,
{
    type Output = Result<Response<ExpiringBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Responding { response, expired } => {
                let (head, body) = ready!(response.poll(cx))?.into_parts();
                let body = ExpiringBody::new(body, expired.take(), &head.headers);
                Poll::Ready(Ok(Response::from_parts(head, body)))
            }
            StateProjection::Rejected { error } => match error.take() {
                Some(error) => Poll::Ready(Ok(stand_alone(error, &[]))),
                // Polled after completion, which callers must not do.
                None => Poll::Pending,
            },
        }
    }
}

impl<F> fmt::Debug for EndAtExpiryFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("EndAtExpiryFuture");
        match &self.state {
            State::Responding { expired, .. } => debug.field("expired", expired),
            State::Rejected { error } => debug.field("error", error),
        };
        debug.finish_non_exhaustive()
    }
}
