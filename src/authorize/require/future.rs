//! The response future of a guarded service.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;

use crate::{
    Error,
    response::{RejectionBody, stand_alone, unrendered},
};

pin_project! {
    /// The response future of [`Require`](crate::authorize::require::Require).
    #[derive(Debug)]
    pub struct RequireFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProjection]
    enum State<F> {
        Responding { #[pin] response: F },
        Rejected { rejected: Option<Rejected> },
    }
}

/// A rejection, to be rendered by the outer layer.
#[derive(Debug)]
pub(super) struct Rejected {
    error: Error,
    /// Whether no outer layer is known to exist.
    stands_alone: bool,
}

impl Rejected {
    /// Creates a rejection that is reported and rendered at once, because no outer layer seems to exist.
    pub(super) const fn stand_alone(error: Error) -> Self {
        Self { error, stands_alone: true }
    }
}

impl From<Error> for Rejected {
    fn from(error: Error) -> Self {
        Self { error, stands_alone: false }
    }
}

impl<F> RequireFuture<F> {
    pub(super) const fn responding(response: F) -> Self {
        Self { state: State::Responding { response } }
    }

    pub(super) const fn rejected(rejected: Rejected) -> Self {
        Self { state: State::Rejected { rejected: Some(rejected) } }
    }
}

impl<F, B, E> Future for RequireFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: RejectionBody,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Responding { response } => response.poll(cx),
            StateProjection::Rejected { rejected } => match rejected.take() {
                Some(Rejected { error, stands_alone: true }) => {
                    Poll::Ready(Ok(stand_alone(error, &[])))
                }
                Some(Rejected { error, stands_alone: false }) => Poll::Ready(Ok(unrendered(error))),
                // Polled after completion, which callers must not do.
                None => Poll::Pending,
            },
        }
    }
}
