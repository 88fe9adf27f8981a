//! `EndAtExpiryLayer` in the wrong order of layers, and responses whose media type isn't that of the request.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::any,
};
use http::{Request, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use portcullis::{
    AuthenticateLayer, BearerToken, EndAtExpiryLayer, ErrorKind, Identity, Verification, Verify,
    testing::TestClock,
};
use tower::ServiceExt;

use crate::support::send;

/// Accepts every token. It has expired when the response starts.
struct Expiring;

impl Verify<BearerToken<'_>> for Expiring {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::ready(Ok(Identity::assertion().expires_at(SystemTime::now()).build()))
    }
}

fn ending() -> EndAtExpiryLayer {
    let later = TestClock::at(SystemTime::now() + Duration::from_secs(3600));
    EndAtExpiryLayer::new().clock(later)
}

fn with_token() -> http::request::Builder {
    Request::post("/").header("authorization", "Bearer any")
}

#[tokio::test]
async fn outside_of_the_authentication_layer_every_request_is_500() {
    let reached = Arc::new(AtomicBool::new(false));
    let handler = {
        let reached = Arc::clone(&reached);
        async move || reached.store(true, Ordering::Relaxed)
    };
    let inner = Router::new().route("/", any(handler));
    let wrong_order =
        inner.clone().layer(AuthenticateLayer::bearer(Expiring).allow_anonymous()).layer(ending());
    let without_authentication = inner.layer(ending());
    for app in [wrong_order, without_authentication] {
        for request in [with_token(), Request::get("/")] {
            let response = send(&app, request.body(Body::empty()).unwrap()).await;
            let body = r#"{"error_description":"Internal error."}"#;
            assert_eq!((response.status.as_u16(), &*response.body), (500, body));
            let error = response.error.unwrap();
            assert_eq!(error.kind(), ErrorKind::Misconfigured);
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert_eq!(cause, "an EndAtExpiryLayer needs an AuthenticateLayer outside it");
        }
    }
    assert!(!reached.load(Ordering::Relaxed));
}

#[tokio::test]
async fn the_media_type_of_the_response_determines_how_it_ends() {
    for (response, trailers) in [
        ("application/grpc", true),
        ("application/grpc+proto", true),
        ("text/csv", false),
        ("application/json", false),
        ("application/grpcs", false),
    ] {
        let endless = async move || {
            let rows = tokio_stream::pending::<Result<Bytes, Infallible>>();
            ([(CONTENT_TYPE, response)], Body::from_stream(rows))
        };
        let app = Router::new()
            .route("/", any(endless))
            .layer(ending())
            .layer(AuthenticateLayer::bearer(Expiring).grpc());
        for request in ["application/grpc", "application/grpc-web", "application/json", "text/csv"]
        {
            let case = format!("{request}, {response}");
            let request = with_token().header(CONTENT_TYPE, request).body(Body::empty()).unwrap();
            let mut body = app.clone().oneshot(request).await.unwrap().into_body();
            let last = body.frame().await.unwrap();
            match last {
                Ok(frame) => {
                    assert!(trailers, "{case}");
                    assert_eq!(frame.into_trailers().unwrap()["grpc-status"], "16", "{case}");
                }
                Err(error) => {
                    assert!(!trailers, "{case}");
                    assert_eq!(error.to_string(), "access token rejected: Token expired.");
                }
            }
        }
    }
}
