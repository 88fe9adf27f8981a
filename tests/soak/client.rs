//! Requests to a service.

use std::time::Instant;

use axum::{Router, body::Body};
use http::{Request, header::AUTHORIZATION};
use tower::ServiceExt;

use crate::record::Exchange;

/// Sends a request with a Bearer token.
pub async fn exchange(app: &Router, token: &str) -> Exchange {
    send(app, Request::get("/").header(AUTHORIZATION, format!("Bearer {token}"))).await
}

pub async fn send(app: &Router, request: http::request::Builder) -> Exchange {
    let request = request.body(Body::empty()).unwrap();
    let began = Instant::now();
    let response = app.clone().oneshot(request).await.unwrap();
    Exchange { began, ended: Instant::now(), status: response.status().as_u16() }
}
