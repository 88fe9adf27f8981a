//! A response body for services of the `http-body` ecosystem.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{
    BodyExt, Full,
    combinators::{BoxBody, UnsyncBoxBody},
};
use pin_project_lite::pin_project;

use super::RejectionBody;

pin_project! {
    /// The body of the inner service, or of a rejection. Use it for a service whose body type doesn't implement
    /// [`RejectionBody`].
    ///
    /// ```
    /// use http::{Request, Response};
    /// use http_body_util::{Empty, combinators::BoxBody};
    /// use portcullis::{AuthenticateLayer, Identity, response::ResponseBody, Verification};
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// # #[derive(Debug)] struct RejectAll;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for RejectAll {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> Verification {
    /// #         Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let inner = service_fn(async |_: Request<()>| {
    ///     Ok::<_, std::convert::Infallible>(Response::new(Empty::<bytes::Bytes>::new()))
    /// });
    /// let service = inner.map_response(|response| response.map(ResponseBody::inner));
    /// let service = AuthenticateLayer::bearer(RejectAll).layer(service);
    /// assert_eq!(service.oneshot(Request::new(())).await.unwrap().status(), 401);
    /// # }
    /// ```
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = KindProjection]
    enum Kind<B> {
        Inner { #[pin] body: B },
        Rejection { #[pin] body: Full<Bytes> },
    }
}

impl<B> ResponseBody<B> {
    /// Wraps the body of the inner service.
    pub const fn inner(body: B) -> Self {
        Self { kind: Kind::Inner { body } }
    }
}

impl<B> RejectionBody for ResponseBody<B> {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { kind: Kind::Rejection { body: Full::from(bytes) } }
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Inner { body } => body.poll_frame(cx),
            KindProjection::Rejection { body } => {
                body.poll_frame(cx).map_err(|never| match never {})
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Rejection { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Rejection { body } => body.size_hint(),
        }
    }
}

impl RejectionBody for Bytes {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        bytes.into()
    }
}

impl<D: bytes::Buf + From<Vec<u8>>> RejectionBody for Full<D> {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        Self::new(bytes.into())
    }
}

impl<E: 'static> RejectionBody for BoxBody<Bytes, E> {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        Full::<Bytes>::from(bytes).map_err(|never| match never {}).boxed()
    }
}

impl<E: 'static> RejectionBody for UnsyncBoxBody<Bytes, E> {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        Full::<Bytes>::from(bytes).map_err(|never| match never {}).boxed_unsync()
    }
}
