//! The service whose responses may end early.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use tower_service::Service;

use super::{EndAtExpiryFuture, Expired, ExpiringBody};
use crate::{Clock, Error, identity::Caller, response::RejectionBody};

/// The service that [`EndAtExpiryLayer`](crate::EndAtExpiryLayer) creates.
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

    /// Returns a future that completes when the token of the request expires, if it does.
    fn expired<B>(&self, request: &Request<B>) -> Result<Option<Expired>, Error> {
        let caller = Caller::of(request.extensions(), "an EndAtExpiryLayer")?;
        let identity = caller.identity().filter(|it| it.expires_at().is_some());
        Ok(identity.map(|identity| {
            let expired = identity.expired().clock(Arc::clone(&self.clock));
            match self.leeway {
                Some(leeway) => expired.leeway(leeway),
                None => expired,
            }
        }))
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for EndAtExpiry<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: http_body::Body + RejectionBody,
{
    type Response = Response<ExpiringBody<ResBody>>;
    type Error = S::Error;
    type Future = EndAtExpiryFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.expired(&request) {
            Ok(expired) => EndAtExpiryFuture::responding(self.inner.call(request), expired),
            Err(error) => EndAtExpiryFuture::rejected(error),
        }
    }
}
