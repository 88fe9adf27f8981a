//! A response body that ends when the token expires.

use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::Expired;
use crate::{
    Error,
    error::TokenFault,
    response::{Protocol, RejectionBody, Renderer},
    scheme::Scheme,
};

pin_project! {
    /// The response body of [`EndAtExpiryLayer`](crate::EndAtExpiryLayer), which may end early.
    pub struct ExpiringBody<B> {
        #[pin]
        body: B,
        // `None` if there is nothing to wait for.
        expired: Option<Expired>,
        end: End,
        ended: bool,
    }
}

/// The way in which a body ends early.
#[derive(Debug, Clone, Copy)]
enum End {
    /// With an error, so that the client doesn't mistake it for complete.
    BrokenOff,
    /// Like a complete body, because a stream of server-sent events may end at any time.
    Plainly,
    /// With a gRPC status.
    Grpc(Protocol),
}

impl<B: Body> ExpiringBody<B> {
    /// Wraps a body. How it ends depends on the response `headers`.
    pub(super) fn new(body: B, expired: Option<Expired>, headers: &HeaderMap) -> Self {
        let end = match Protocol::of_response(headers) {
            Protocol::Http if is_event_stream(headers) => End::Plainly,
            Protocol::Http => End::BrokenOff,
            grpc => End::Grpc(grpc),
        };
        let expired = expired.filter(|_| !body.is_end_stream());
        Self { body, expired, end, ended: false }
    }
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    const EVENT_STREAM: &[u8] = b"text/event-stream";
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let start = media_type.and_then(|it| it.get(..EVENT_STREAM.len()));
    start.is_some_and(|start| start.eq_ignore_ascii_case(EVENT_STREAM))
}

impl End {
    /// Returns the last frame of a body, if it needs one.
    fn frame(self) -> Option<Result<Frame<Bytes>, Box<dyn StdError + Send + Sync>>> {
        let error = Error::from(TokenFault::Expired);
        match self {
            Self::BrokenOff => Some(Err(error.into())),
            Self::Plainly => None,
            Self::Grpc(protocol) => {
                let renderer = Renderer::stand_alone(&[Scheme::Bearer]);
                let trailers = renderer.grpc_trailers(&error, None);
                Some(Ok(match protocol.trailers_in_body(&trailers) {
                    Some(bytes) => Frame::data(bytes.into()),
                    None => Frame::trailers(trailers),
                }))
            }
        }
    }
}

impl<B> Body for ExpiringBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        // Checked first, because a body that always has a frame ready would never end.
        if let Some(expired) = this.expired
            && Pin::new(expired).poll(cx).is_ready()
        {
            *this.ended = true;
            return Poll::Ready(this.end.frame());
        }
        this.body.poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Needed by an outer [`AuthenticateLayer`](crate::AuthenticateLayer).
impl<B: RejectionBody> RejectionBody for ExpiringBody<B> {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { body: B::from_bytes(bytes), expired: None, end: End::BrokenOff, ended: false }
    }
}

impl<B> fmt::Debug for ExpiringBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpiringBody").field("end", &self.end).finish_non_exhaustive()
    }
}
