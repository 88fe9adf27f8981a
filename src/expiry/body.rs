//! A body that ends with its token.

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
    Error, TokenFault,
    response::{Protocol, RejectionBody, Renderer},
    scheme::Scheme,
};

pin_project! {
    /// The body of a response that [`EndAtExpiryLayer`](crate::EndAtExpiryLayer) may end.
    pub struct ExpiringBody<B> {
        #[pin]
        body: B,
        // None once there is nothing to wait for.
        expired: Option<Expired>,
        end: End,
        ended: bool,
    }
}

/// How a body ends before its time.
#[derive(Debug, Clone, Copy)]
enum End {
    /// With an error, which its reader must notice.
    BrokenOff,
    /// As if it were whole: nobody expects an end of server-sent events.
    Plainly,
    /// With a status.
    Grpc(Protocol),
}

impl<B: Body> ExpiringBody<B> {
    /// How the body ends depends on the `headers` of its response.
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
    /// The last frame of a body, where it needs one.
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
        // First, or a body that always has more would never end.
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

/// For [`AuthenticateLayer`](crate::AuthenticateLayer), which stands outside.
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
