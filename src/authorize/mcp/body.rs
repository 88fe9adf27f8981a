//! A request body whose beginning may already have been read.

use std::{
    fmt, mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The request body behind [`AuthenticateLayer::read_mcp_bodies`](crate::AuthenticateLayer::read_mcp_bodies). It
    /// yields the body as it was received, even if the layer has read its beginning.
    pub struct McpBody<B>
    where
        B: Body,
    {
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[project = StateProjection]
    // The struct bound is needed to name the error type.
    enum State<B>
    where
        B: Body,
    {
        Untouched { #[pin] body: B },
        // Boxed, because the rest of the body was pinned while it was read.
        Read {
            first: Bytes,
            next: Option<Result<Frame<Bytes>, B::Error>>,
            rest: Option<Pin<Box<B>>>,
        },
    }
}

impl<B: Body> McpBody<B> {
    pub(super) const fn untouched(body: B) -> Self {
        Self { state: State::Untouched { body } }
    }

    /// Creates a body that yields `first`, then `next`, then `rest`. If `rest` is `None`, the body ends there.
    pub(super) const fn read(
        first: Bytes,
        next: Option<Result<Frame<Bytes>, B::Error>>,
        rest: Option<Pin<Box<B>>>,
    ) -> Self {
        Self { state: State::Read { first, next, rest } }
    }
}

impl<B: Body<Data = Bytes>> Body for McpBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().state.project() {
            StateProjection::Untouched { body } => body.poll_frame(cx),
            StateProjection::Read { first, next, rest } => {
                if !first.is_empty() {
                    return Poll::Ready(Some(Ok(Frame::data(mem::take(first)))));
                }
                if let Some(next) = next.take() {
                    return Poll::Ready(Some(next));
                }
                match rest {
                    Some(rest) => rest.as_mut().poll_frame(cx),
                    None => Poll::Ready(None),
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            State::Untouched { body } => body.is_end_stream(),
            State::Read { first, next, rest } => {
                first.is_empty() && next.is_none() && rest.as_ref().is_none_or(Body::is_end_stream)
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            State::Untouched { body } => body.size_hint(),
            State::Read { first, next, rest } => {
                let next = match next {
                    Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
                    Some(Err(_)) | None => 0,
                };
                let read = (first.len() as u64).saturating_add(next as u64);
                let rest = rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
                let mut hint = SizeHint::new();
                hint.set_lower(rest.lower().saturating_add(read));
                if let Some(upper) = rest.upper() {
                    hint.set_upper(upper.saturating_add(read));
                }
                hint
            }
        }
    }
}

/// Doesn't show the content.
impl<B: Body> fmt::Debug for McpBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpBody").finish_non_exhaustive()
    }
}
