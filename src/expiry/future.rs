//! The future of a response that may go on.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;

use super::{Expired, ExpiringBody};
use crate::response::Protocol;

pin_project! {
    /// The future of [`EndAtExpiry`](crate::expiry::EndAtExpiry).
    pub struct EndAtExpiryFuture<F> {
        #[pin]
        response: F,
        expired: Option<Expired>,
        protocol: Protocol,
    }
}

impl<F> EndAtExpiryFuture<F> {
    pub(super) const fn new(response: F, expired: Option<Expired>, protocol: Protocol) -> Self {
        Self { response, expired, protocol }
    }
}

impl<F, B, E> Future for EndAtExpiryFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: http_body::Body,
{
    type Output = Result<Response<ExpiringBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (head, body) = ready!(this.response.poll(cx))?.into_parts();
        let body = ExpiringBody::new(body, this.expired.take(), *this.protocol, &head.headers);
        Poll::Ready(Ok(Response::from_parts(head, body)))
    }
}

impl<F> fmt::Debug for EndAtExpiryFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndAtExpiryFuture").field("expired", &self.expired).finish_non_exhaustive()
    }
}
