//! The service that reads MCP request bodies.

use std::{
    mem,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{McpBody, McpFuture, body_reader::BodyReader, future::Reading};
use crate::{Policies, authorize::policies::Rule, response::RejectionBody};

/// The inner service of [`AuthenticateLayer::read_mcp_bodies`](crate::AuthenticateLayer::read_mcp_bodies).
#[derive(Debug, Clone)]
pub struct ReadMcpBodies<S> {
    inner: S,
    policies: Option<Policies>,
    max_bytes: usize,
}

impl<S> ReadMcpBodies<S> {
    pub(crate) const fn new(inner: S, policies: Option<Policies>, max_bytes: usize) -> Self {
        Self { inner, policies, max_bytes }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ReadMcpBodies<S>
where
    S: Service<Request<McpBody<ReqBody>>, Response = Response<ResBody>> + Clone,
    ReqBody: Body<Data = Bytes>,
    ResBody: RejectionBody,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = McpFuture<S::Future, S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let rule = self.policies.as_ref().map(|it| (it, it.find_for(&request, true)));
        let Some((policies, Rule::OperationsInBody(endpoint))) = rule else {
            // The outer layer has already decided.
            return McpFuture::responding(self.inner.call(request.map(McpBody::untouched)));
        };
        let policies = policies.clone();
        // Call the service that was polled ready. Its clone isn't ready.
        let clone = self.inner.clone();
        let service = mem::replace(&mut self.inner, clone);
        let (head, body) = request.into_parts();
        let reader = BodyReader::new(body, self.max_bytes);
        McpFuture::reading(Reading { reader, head, service, policies, endpoint })
    }
}
