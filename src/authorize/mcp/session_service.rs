//! The service that verifies the session ids of requests.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderValue, Request, Response};
use tower_service::Service;

use super::{
    McpSessionFuture,
    session_future::{Binding, Rejected},
    session_key::{SESSION_ID, SessionKey},
};
use crate::{Error, identity::Caller, response::RejectionBody};

/// The service that [`McpSessionLayer`](crate::authorize::mcp::McpSessionLayer) creates.
#[derive(Debug, Clone)]
pub struct McpSession<S> {
    inner: S,
    key: Arc<SessionKey>,
}

impl<S> McpSession<S> {
    pub(super) const fn new(inner: S, key: Arc<SessionKey>) -> Self {
        Self { inner, key }
    }

    /// Verifies the session id of a request, and replaces it with the one of the service.
    fn admit<B>(&self, request: &mut Request<B>) -> Result<Binding, Rejected> {
        let caller = Caller::of(request.extensions(), "an McpSessionLayer")
            .map_err(Rejected::Misconfigured)?;
        let binding = Binding { key: Arc::clone(&self.key), caller: caller.clone() };
        let mut ids = request.headers().get_all(SESSION_ID).iter();
        let (Some(bound), second) = (ids.next(), ids.next()) else { return Ok(binding) };
        let foreign = || {
            let cause = "the Mcp-Session-Id doesn't belong to this subject";
            Rejected::Foreign(Error::access_denied().with_source(cause))
        };
        if second.is_some() {
            return Err(foreign());
        }
        let bound = bound.to_str().map_err(|_| foreign())?;
        let id = self.key.verify(bound, &binding.caller).ok_or_else(foreign)?;
        let id = HeaderValue::from_str(id).map_err(|_| foreign())?;
        request.headers_mut().insert(SESSION_ID, id);
        Ok(binding)
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for McpSession<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: RejectionBody,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = McpSessionFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        match self.admit(&mut request) {
            Ok(binding) => McpSessionFuture::responding(self.inner.call(request), binding),
            Err(rejected) => McpSessionFuture::rejected(rejected),
        }
    }
}
