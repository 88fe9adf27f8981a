//! The service around the one whose responses may go on.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use tower_service::Service;

use super::{EndAtExpiryFuture, Expired, ExpiringBody};
use crate::{Clock, identity::Authentication, response::Protocol};

/// The service that [`EndAtExpiryLayer`](crate::EndAtExpiryLayer) makes.
#[derive(Debug, Clone)]
pub struct EndAtExpiry<S> {
    inner: S,
    leeway: Option<Duration>,
    clock: Arc<dyn Clock>,
}

impl<S> EndAtExpiry<S> {
    pub(super) const fn new(inner: S, leeway: Option<Duration>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, leeway, clock }
    }

    /// The end of the request's token, where it has one.
    fn expired<B>(&self, request: &Request<B>) -> Option<Expired> {
        let identity = request.extensions().get::<Authentication>()?.identity()?;
        identity.expires_at()?;
        let expired = identity.expired().clock(Arc::clone(&self.clock));
        Some(match self.leeway {
            Some(leeway) => expired.leeway(leeway),
            None => expired,
        })
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for EndAtExpiry<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: http_body::Body,
{
    type Response = Response<ExpiringBody<ResBody>>;
    type Error = S::Error;
    type Future = EndAtExpiryFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (expired, protocol) = (self.expired(&request), Protocol::of(&request));
        EndAtExpiryFuture::new(self.inner.call(request), expired, protocol)
    }
}
