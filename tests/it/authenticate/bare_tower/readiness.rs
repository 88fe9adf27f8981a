//! The service that was polled ready is the one that is called.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll, Waker},
};

use http::{Request, Response};
use portcullis::{
    AuthenticateLayer, BearerToken, Identity, RequireScopeLayer, Scope, ScopeSet, Verification,
    Verify,
};
use tokio::sync::oneshot;
use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt, limit::ConcurrencyLimitLayer, service_fn,
};

use super::{TestVerifier, request, respond};

/// Panics if it is called before it was polled ready. A clone isn't ready.
#[derive(Debug, Default)]
struct Strict {
    ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<Request<()>> for Strict {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called before it was polled ready");
        ready(Ok(Response::new("in".to_owned())))
    }
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_called() {
    for verifier in [TestVerifier::Ready, TestVerifier::Pending] {
        let mut service = ServiceBuilder::new()
            .layer(AuthenticateLayer::bearer(verifier))
            .layer(RequireScopeLayer::new(Scope::from_static("read")))
            .service(Strict::default());
        for token in ["valid", "invalid", "valid", "invalid", "invalid", "valid"] {
            let ready = service.ready().await.unwrap();
            let status = ready.call(request(Some(token))).await.unwrap().status();
            assert_eq!(status, if token == "valid" { 200 } else { 401 }, "{verifier:?}");
        }
    }
}

#[tokio::test]
async fn a_layer_between_two_concurrency_limits_serves_every_request() {
    for verifier in [TestVerifier::Ready, TestVerifier::Pending] {
        let mut service = ServiceBuilder::new()
            .layer(ConcurrencyLimitLayer::new(1))
            .layer(AuthenticateLayer::bearer(verifier))
            .layer(ConcurrencyLimitLayer::new(1))
            .service(service_fn(respond));
        for token in ["valid", "invalid", "valid", "valid", "invalid"] {
            let ready = service.ready().await.unwrap();
            let status = ready.call(request(Some(token))).await.unwrap().status();
            assert_eq!(status, if token == "valid" { 200 } else { 401 }, "{verifier:?}");
        }
    }
}

#[tokio::test]
async fn a_rejected_request_releases_its_permit() {
    for verifier in [TestVerifier::Ready, TestVerifier::Pending] {
        let service = ServiceBuilder::new()
            .layer(AuthenticateLayer::bearer(verifier))
            .layer(ConcurrencyLimitLayer::new(1))
            .service(service_fn(respond));
        for token in [Some("invalid"), None, Some("valid"), Some("invalid"), Some("valid")] {
            let status = service.clone().oneshot(request(token)).await.unwrap().status();
            assert_eq!(status, if token == Some("valid") { 200 } else { 401 }, "{verifier:?}");
        }
    }
}

/// Accepts every token once the test has sent the signal.
struct OnSignal(std::sync::Mutex<Option<oneshot::Receiver<()>>>);

impl Verify<BearerToken<'_>> for OnSignal {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        let signal = self.0.lock().unwrap().take();
        Verification::pending(async move {
            if let Some(signal) = signal {
                let _ = signal.await;
            }
            Ok(Identity::assertion().scopes(ScopeSet::new()).build())
        })
    }
}

#[tokio::test]
async fn a_request_holds_its_permit_during_verification() {
    let (sender, signal) = oneshot::channel();
    let mut service = ServiceBuilder::new()
        .layer(AuthenticateLayer::bearer(OnSignal(Some(signal).into())))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(service_fn(respond));
    let waiting = service.ready().await.unwrap().call(request(Some("a")));

    let mut other = service.clone();
    assert!(poll_ready(&mut other).is_pending(), "the only permit is taken");
    sender.send(()).unwrap();
    assert_eq!(waiting.await.unwrap().into_body(), "in");
    assert!(poll_ready(&mut other).is_ready(), "the permit is free again");
}

#[tokio::test]
async fn a_cancelled_request_releases_its_permit() {
    let (_sender, signal) = oneshot::channel();
    let mut service = ServiceBuilder::new()
        .layer(AuthenticateLayer::bearer(OnSignal(Some(signal).into())))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(service_fn(respond));
    let waiting = service.ready().await.unwrap().call(request(Some("a")));
    drop(waiting);
    let response = service.ready().await.unwrap().call(request(Some("a"))).await.unwrap();
    assert_eq!(response.into_body(), "in");
}

#[tokio::test]
async fn the_layer_is_ready_only_if_the_inner_service_is() {
    let limit = ConcurrencyLimitLayer::new(1);
    let inner = limit.layer(service_fn(respond));
    let mut holder = inner.clone();
    holder.ready().await.unwrap();

    let mut service = AuthenticateLayer::bearer(TestVerifier::Ready).layer(inner);
    assert!(poll_ready(&mut service).is_pending());
    drop(holder);
    assert!(poll_ready(&mut service).is_ready());
}

#[tokio::test]
async fn readiness_errors_pass_through() {
    #[derive(Clone)]
    struct Broken;
    impl Service<Request<()>> for Broken {
        type Response = Response<String>;
        type Error = BoxError;
        type Future = Ready<Result<Response<String>, BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Err("shutting down".into()))
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            unreachable!("it was never ready")
        }
    }
    let service = ServiceBuilder::new()
        .layer(AuthenticateLayer::bearer(TestVerifier::Ready))
        .layer(RequireScopeLayer::new(Scope::from_static("read")))
        .service(Broken);
    let error = service.oneshot(request(Some("valid"))).await.unwrap_err();
    assert_eq!(error.to_string(), "shutting down");
}

/// Polls a service's readiness once.
fn poll_ready<S: Service<Request<()>>>(service: &mut S) -> Poll<Result<(), S::Error>> {
    service.poll_ready(&mut Context::from_waker(Waker::noop()))
}
