//! The service around the one that is guarded.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{RequireFuture, future::Rejected};
use crate::{Error, Identity, identity::Caller, response::RejectionBody};

/// The check that a request has to pass.
pub(super) type Check = dyn Fn(&Identity) -> Result<(), Error> + Send + Sync;

/// The service that [`RequireScopeLayer`](crate::RequireScopeLayer) and
/// [`RequireLayer`](crate::RequireLayer) make.
#[derive(Clone)]
pub struct Require<S> {
    inner: S,
    check: Arc<Check>,
}

impl<S> Require<S> {
    pub(super) const fn new(inner: S, check: Arc<Check>) -> Self {
        Self { inner, check }
    }

    fn decide<B>(&self, request: &Request<B>) -> Result<(), Rejected> {
        let caller = Caller::of(request.extensions(), "a guard").map_err(Rejected::report)?;
        Ok((self.check)(caller.require_identity()?)?)
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Require<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: RejectionBody,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = RequireFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.decide(&request) {
            Ok(()) => RequireFuture::responding(self.inner.call(request)),
            Err(error) => RequireFuture::rejected(error),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Require<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Require").field("inner", &self.inner).finish_non_exhaustive()
    }
}
