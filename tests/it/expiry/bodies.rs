//! How bodies end when the token expires.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    response::IntoResponse,
    routing::{any, get},
};
use http::{Request, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use portcullis::{AuthenticateLayer, EndAtExpiryLayer, Identity, testing::TestIssuer};
use tokio_stream::StreamExt;
use tower::ServiceExt;

use crate::support::API;

/// Sends `tick` every ten seconds, without end.
fn ticking(media_type: &'static str) -> impl IntoResponse {
    let ticks = tokio_stream::iter(0..).then(|_: u64| async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Ok::<_, Infallible>(Bytes::from_static(b"tick"))
    });
    ([(CONTENT_TYPE, media_type)], Body::from_stream(ticks))
}

fn service(issuer: &TestIssuer) -> Router {
    let clock = issuer.clock();
    let turned = clock.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            turned.advance(Duration::from_millis(500));
        }
    });
    let verifier = issuer.verifier().audience(API).build().unwrap();
    Router::new()
        .route("/events", get(async || ticking("text/event-stream; charset=utf-8")))
        .route("/export", get(async || ticking("text/csv")))
        .route("/grpc-web", any(async || ticking("application/grpc-web+proto")))
        .route("/grpc-web-text", any(async || ticking("application/grpc-web-text")))
        .route("/short", get(async || "short"))
        .layer(EndAtExpiryLayer::new().leeway(Duration::ZERO).clock(clock))
        .layer(AuthenticateLayer::bearer(verifier).allow_anonymous())
}

/// The body as far as it was received, and whether it ended without an error.
async fn read(app: &Router, request: http::request::Builder) -> (Vec<u8>, Result<(), String>) {
    let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend(frame.into_data().unwrap()),
            Err(error) => return (bytes, Err(error.to_string())),
        }
        if bytes.len() > 1000 {
            return (bytes, Err("endless".to_owned()));
        }
    }
    (bytes, Ok(()))
}

fn bearer(issuer: &TestIssuer, path: &str) -> http::request::Builder {
    let token = issuer.token().audience(API).expires_in(Duration::from_secs(95)).mint();
    Request::builder().uri(path).header("authorization", format!("Bearer {token}"))
}

#[tokio::test(start_paused = true)]
async fn server_sent_events_end_when_the_token_expires() {
    let issuer = TestIssuer::new();
    let app = service(&issuer);
    let (bytes, end) = read(&app, bearer(&issuer, "/events")).await;
    assert_eq!((&*bytes, end), (&*b"tick".repeat(9), Ok(())));
}

#[tokio::test(start_paused = true)]
async fn any_other_body_ends_with_an_error_when_the_token_expires() {
    let issuer = TestIssuer::new();
    let app = service(&issuer);
    let (bytes, end) = read(&app, bearer(&issuer, "/export")).await;
    assert_eq!(bytes, b"tick".repeat(9));
    assert_eq!(end.unwrap_err(), "access token rejected: Token expired.");
}

#[tokio::test(start_paused = true)]
async fn grpc_web_bodies_end_with_a_status_frame() {
    let issuer = TestIssuer::new();
    let app = service(&issuer);
    for (path, media_type, first) in [
        ("/grpc-web", "application/grpc-web+proto", 0x80),
        ("/grpc-web-text", "application/grpc-web-text", b'g'),
    ] {
        let request = bearer(&issuer, path).method("POST").header(CONTENT_TYPE, media_type);
        let (bytes, end) = read(&app, request).await;
        assert_eq!(end, Ok(()));
        let frame = bytes.strip_prefix(&*b"tick".repeat(9)).unwrap();
        assert_eq!(frame[0], first, "{media_type}");
        if first == 0x80 {
            let trailers = String::from_utf8(frame[5..].to_vec()).unwrap();
            assert_eq!(frame[1..5], u32::try_from(trailers.len()).unwrap().to_be_bytes());
            assert!(trailers.contains("grpc-status: 16\r\n"), "{trailers}");
            assert!(trailers.contains("grpc-message: Token expired.\r\n"), "{trailers}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn short_responses_and_anonymous_ones_are_not_cut_off() {
    let issuer = TestIssuer::new();
    let app = service(&issuer);
    assert_eq!(read(&app, bearer(&issuer, "/short")).await, (b"short".to_vec(), Ok(())));
    let (_, end) = read(&app, Request::get("/events")).await;
    assert_eq!(end.unwrap_err(), "endless");
}

#[tokio::test(start_paused = true)]
async fn expired_completes_when_the_token_expires() {
    let issuer = TestIssuer::new();
    let now = portcullis::Clock::now(&issuer.clock());
    let identity = Identity::assertion().expires_at(now + Duration::from_secs(100)).build();
    let start = tokio::time::Instant::now();
    // The test's clock doesn't advance at first, so the first wait ends early and starts again.
    let clock = issuer.clock();
    let expired = tokio::spawn(identity.expired().clock(clock.clone()));
    tokio::time::sleep(Duration::from_secs(161)).await;
    assert!(!expired.is_finished());
    clock.advance(Duration::from_secs(200));
    expired.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 320);

    let past = Identity::assertion().expires_at(now).build();
    past.expired().leeway(Duration::ZERO).clock(clock).await;
    assert_eq!(start.elapsed().as_secs(), 320);

    let unlimited = Identity::assertion().build();
    let hour = Duration::from_secs(3600);
    assert!(tokio::time::timeout(hour, unlimited.expired()).await.is_err());
}
