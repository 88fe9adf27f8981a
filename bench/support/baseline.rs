//! Layers that cost as little as a layer can, to compare with.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, extract::Request, response::Response};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, WWW_AUTHENTICATE},
};
use tower::Service;

/// Hands each request on.
#[derive(Debug, Clone)]
pub struct Pass<S>(pub S);

/// Hands each request on with the same `Arc` in its extensions.
#[derive(Debug, Clone)]
pub struct Identify<S>(pub S, pub Arc<Someone>);

/// Who makes the request, as [`Identify`] says of every request.
#[derive(Debug)]
pub struct Someone;

/// Answers each request with the same 401.
#[derive(Debug, Clone)]
pub struct Reject;

impl<S: Service<R>, R> Service<R> for Pass<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.0.call(request)
    }
}

impl<S: Service<Request>> Service<Request> for Identify<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> S::Future {
        request.extensions_mut().insert(Arc::clone(&self.1));
        self.0.call(request)
    }
}

impl Service<Request> for Reject {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request) -> Self::Future {
        let mut response = Response::new(Body::from(r#"{"error":"invalid_token"}"#));
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let challenge = HeaderValue::from_static(r#"Bearer error="invalid_token""#);
        headers.insert(WWW_AUTHENTICATE, challenge);
        ready(Ok(response))
    }
}
