//! The response future of a service that may read request bodies.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response, request};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    McpBody,
    body_reader::{BodyReader, ReadBody},
};
use crate::{
    Error, Policies,
    identity::Caller,
    response::{RejectionBody, unrendered},
};

pin_project! {
    /// The response future of [`ReadMcpBodies`](crate::authorize::mcp::ReadMcpBodies).
    pub struct McpFuture<F, S, B> {
        #[pin]
        state: State<F, S, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, S, B> {
        Responding { #[pin] response: F },
        Reading { reading: Option<Box<Reading<S, B>>> },
    }
}

/// A request whose body is being read, with the ready service that will handle it.
pub(super) struct Reading<S, B> {
    pub(super) reader: BodyReader<B>,
    pub(super) head: request::Parts,
    pub(super) service: S,
    pub(super) policies: Policies,
    pub(super) endpoint: usize,
}

impl<S, B: Body> Reading<S, B> {
    /// Authorizes the operations in the body. `body` is `None` if it exceeds the size limit.
    fn decide(&self, body: Option<&[u8]>) -> Result<(), Error> {
        let caller = Caller::of(&self.head.extensions, "a service that reads MCP messages")?;
        self.policies.authorize_body(self.endpoint, body, caller)
    }
}

impl<F, S, B> McpFuture<F, S, B> {
    pub(super) const fn responding(response: F) -> Self {
        Self { state: State::Responding { response } }
    }

    pub(super) fn reading(reading: Reading<S, B>) -> Self {
        Self { state: State::Reading { reading: Some(Box::new(reading)) } }
    }
}

impl<F, S, B, ResBody, E> Future for McpFuture<F, S, B>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    S: Service<Request<McpBody<B>>, Response = Response<ResBody>, Error = E, Future = F>,
    B: Body<Data = Bytes>,
    ResBody: RejectionBody,
{
    type Output = Result<Response<ResBody>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Responding { response } => return response.poll(cx),
                StateProjection::Reading { reading } => {
                    // `None` only if the future is polled again after a rejection, which callers must not do.
                    let Some(it) = reading.as_mut() else { return Poll::Pending };
                    let ReadBody { whole, body } = ready!(it.reader.poll(cx));
                    let decision = it.decide(whole.as_deref());
                    let Some(it) = reading.take() else { return Poll::Pending };
                    if let Err(error) = decision {
                        return Poll::Ready(Ok(unrendered(error)));
                    }
                    let Reading { head, mut service, .. } = *it;
                    let response = service.call(Request::from_parts(head, body));
                    this.state.set(State::Responding { response });
                }
            }
        }
    }
}

impl<F, S, B> fmt::Debug for McpFuture<F, S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Responding { .. } => "responding",
            State::Reading { .. } => "reading",
        };
        f.debug_struct("McpFuture").field("state", &state).finish_non_exhaustive()
    }
}
