//! The response future of a request that may start a session.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use pin_project_lite::pin_project;

use super::session_key::{SESSION_ID, SessionKey};
use crate::{
    Error,
    identity::Caller,
    response::{RejectionBody, Rendered, Reported, stand_alone},
    telemetry,
};

/// The response body for a session that doesn't exist.
const NOT_FOUND: &[u8] =
    br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#;

pin_project! {
    /// The response future of [`McpSession`](crate::authorize::mcp::McpSession).
    pub struct McpSessionFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Responding { #[pin] response: F, binding: Binding },
        Rejected { rejected: Option<Rejected> },
    }
}

/// The key and the caller to which a new session is bound.
pub(super) struct Binding {
    pub(super) key: Arc<SessionKey>,
    pub(super) caller: Caller,
}

/// Why a request is rejected.
pub(super) enum Rejected {
    /// The session doesn't exist, or belongs to another subject.
    Foreign(Error),
    /// No `AuthenticateLayer` ran.
    Misconfigured(Error),
}

impl Rejected {
    fn respond<B: RejectionBody>(self) -> Response<B> {
        match self {
            // Without an outer layer, nothing else reports and renders the error.
            Self::Misconfigured(error) => stand_alone(error, &[]),
            Self::Foreign(error) => {
                telemetry::rejected(&error, None);
                let mut response = Response::new(B::from_bytes(NOT_FOUND.to_vec()));
                *response.status_mut() = StatusCode::NOT_FOUND;
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, json);
                // The specification defines this response, so the error is only attached, and no layer renders it
                // again.
                response.extensions_mut().insert(Reported);
                response.extensions_mut().insert(Rendered(error));
                response
            }
        }
    }
}

impl Binding {
    /// Replaces the session id that the service set in a response with the bound one.
    fn bind<B: RejectionBody>(&self, mut response: Response<B>) -> Response<B> {
        let Some(id) = response.headers().get(SESSION_ID) else { return response };
        let bound = id.to_str().ok().and_then(|id| self.key.bind(id, &self.caller));
        if let Some(bound) = bound.and_then(|bound| HeaderValue::try_from(bound).ok()) {
            response.headers_mut().insert(SESSION_ID, bound);
            response
        } else {
            let cause = "can't bind the session: the identity has neither subject nor client_id";
            Rejected::Misconfigured(Error::misconfigured(cause)).respond()
        }
    }
}

impl<F> McpSessionFuture<F> {
    pub(super) const fn responding(response: F, binding: Binding) -> Self {
        Self { state: State::Responding { response, binding } }
    }

    pub(super) const fn rejected(rejected: Rejected) -> Self {
        Self { state: State::Rejected { rejected: Some(rejected) } }
    }
}

impl<F, B, E> Future for McpSessionFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: RejectionBody,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Responding { response, binding } => {
                let response = ready!(response.poll(cx))?;
                Poll::Ready(Ok(binding.bind(response)))
            }
            StateProjection::Rejected { rejected } => match rejected.take() {
                Some(rejected) => Poll::Ready(Ok(rejected.respond())),
                // Polled after completion, which callers must not do.
                None => Poll::Pending,
            },
        }
    }
}

impl<F> fmt::Debug for McpSessionFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Responding { .. } => "responding",
            State::Rejected { .. } => "rejected",
        };
        f.debug_struct("McpSessionFuture").field("state", &state).finish_non_exhaustive()
    }
}
