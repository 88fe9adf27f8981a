//! The future of a guarded response.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;

use crate::{
    Error,
    response::{RefusalBody, unrendered},
};

pin_project! {
    /// The future of [`Require`](crate::authorize::require::Require).
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
        Refused { error: Option<Error> },
    }
}

impl<F> RequireFuture<F> {
    pub(super) const fn responding(response: F) -> Self {
        Self { state: State::Responding { response } }
    }

    pub(super) const fn refused(error: Error) -> Self {
        Self { state: State::Refused { error: Some(error) } }
    }
}

impl<F, B, E> Future for RequireFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: RefusalBody,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Responding { response } => response.poll(cx),
            StateProjection::Refused { error } => match error.take() {
                Some(error) => Poll::Ready(Ok(unrendered(error))),
                // Polled again after it was ready, which no caller may do.
                None => Poll::Pending,
            },
        }
    }
}
