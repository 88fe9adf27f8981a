//! Layers that cost as little as a layer can, to compare with.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, extract::Request, response::Response};
use chrono::{Datelike, Timelike, Utc};
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

/// Rejects each request as the layer does, with the same challenge and the same body.
#[derive(Debug, Clone, Copy)]
pub struct Reject {
    pub message: &'static str,
    /// The error code and the challenge.
    pub code: Option<&'static str>,
    pub challenge: &'static str,
    pub has_body: bool,
}

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

    fn call(&mut self, request: Request) -> Self::Future {
        let body = if self.has_body { Body::from(self.body(&request)) } else { Body::empty() };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        let headers = response.headers_mut();
        if self.has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(self.challenge));
        ready(Ok(response))
    }
}

impl Reject {
    /// The body as a service writes it by hand, with the crate that services use for dates.
    fn body(self, request: &Request) -> String {
        let date = Utc::now().naive_utc();
        let (year, month, day) = (date.year(), date.month(), date.day());
        let (hour, minute, second) = (date.hour(), date.minute(), date.second());
        let (message, method, uri) = (self.message, request.method(), request.uri());
        let error = self.code.map_or_else(String::new, |code| format!(r#","error":"{code}""#));
        format!(
            r#"{{"statusCode":401,"statusText":"Unauthorized","message":"{message}","date":"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}","statusFamily":"CLIENT_ERROR","method":"{method}","uri":"{uri}"{error}}}"#
        )
    }
}
