//! The service around the protected one.

use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{
    ResponseFuture,
    admission::{Decided, Decision},
    config::Config,
    future::{RequestTarget, Waiting},
    original_uri,
    token_removal::remove_tokens,
};
use crate::response::RejectionBody;

/// The service of an [`AuthenticateLayer`](crate::AuthenticateLayer).
#[derive(Debug, Clone)]
pub struct Authenticate<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S: Clone> Authenticate<S> {
    /// Takes the service that was polled ready. That one must be called, because its clone isn't ready.
    #[inline(never)]
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        mem::replace(&mut self.inner, clone)
    }
}

impl<S> Authenticate<S> {
    pub(super) const fn new(inner: S, config: Arc<Config>) -> Self {
        Self { inner, config }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Authenticate<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: RejectionBody,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        if let Some(document) = self.config.metadata_document.get()
            && document.is_at(request.uri())
            && document.is_at(original_uri::of(&request))
        {
            return ResponseFuture::describing(RequestTarget::of(&request, &self.config, None));
        }
        let Decided { decision, used, rule, renews_nonce } = self.config.decide(&mut request);
        let mut target = RequestTarget::of(&request, &self.config, used);
        target.rule = rule;
        target.renews_nonce = renews_nonce;
        match decision {
            Decision::Admit(caller) => {
                target.offers_bearer = remove_tokens(&mut request, &self.config.sources);
                self.config.complete(&mut request, caller);
                ResponseFuture::responding(target, self.inner.call(request))
            }
            Decision::Reject(error) => ResponseFuture::rejected(target, error),
            Decision::Ask(verdict, admission) => {
                target.offers_bearer = remove_tokens(&mut request, &self.config.sources);
                let waiting = Waiting { service: self.take_ready(), request, admission };
                ResponseFuture::verifying(target, verdict, Box::new(waiting))
            }
        }
    }
}
