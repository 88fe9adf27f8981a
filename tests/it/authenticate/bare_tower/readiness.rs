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

use super::{Judges, request, says_in};

/// Panics when it is called without having been ready. A clone isn't ready.
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
        assert!(std::mem::take(&mut self.ready), "called without having been ready");
        ready(Ok(Response::new("in".to_owned())))
    }
}

#[tokio::test]
async fn the_ready_service_is_called_and_not_its_clone() {
    for judges in [Judges::AtOnce, Judges::Later] {
        let mut service = ServiceBuilder::new()
            .layer(AuthenticateLayer::bearer(judges))
            .layer(RequireScopeLayer::new(Scope::from_static("read")))
            .service(Strict::default());
        for token in ["good", "bad", "good", "bad", "bad", "good"] {
            let ready = service.ready().await.unwrap();
            let status = ready.call(request(Some(token))).await.unwrap().status();
            assert_eq!(status, if token == "good" { 200 } else { 401 }, "{judges:?}");
        }
    }
}

#[tokio::test]
async fn a_layer_behind_a_concurrency_limit_and_around_one_serves_request_after_request() {
    for judges in [Judges::AtOnce, Judges::Later] {
        let mut service = ServiceBuilder::new()
            .layer(ConcurrencyLimitLayer::new(1))
            .layer(AuthenticateLayer::bearer(judges))
            .layer(ConcurrencyLimitLayer::new(1))
            .service(service_fn(says_in));
        for token in ["good", "bad", "good", "good", "bad"] {
            let ready = service.ready().await.unwrap();
            let status = ready.call(request(Some(token))).await.unwrap().status();
            assert_eq!(status, if token == "good" { 200 } else { 401 }, "{judges:?}");
        }
    }
}

#[tokio::test]
async fn a_rejected_request_leaves_no_permit_behind() {
    for judges in [Judges::AtOnce, Judges::Later] {
        let service = ServiceBuilder::new()
            .layer(AuthenticateLayer::bearer(judges))
            .layer(ConcurrencyLimitLayer::new(1))
            .service(service_fn(says_in));
        for token in [Some("bad"), None, Some("good"), Some("bad"), Some("good")] {
            let status = service.clone().oneshot(request(token)).await.unwrap().status();
            assert_eq!(status, if token == Some("good") { 200 } else { 401 }, "{judges:?}");
        }
    }
}

/// Answers when the test says so.
struct WhenTold(std::sync::Mutex<Option<oneshot::Receiver<()>>>);

impl Verify<BearerToken<'_>> for WhenTold {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        let told = self.0.lock().unwrap().take();
        Verification::pending(async move {
            if let Some(told) = told {
                let _ = told.await;
            }
            Ok(Identity::assertion().scopes(ScopeSet::new()).build())
        })
    }
}

#[tokio::test]
async fn a_request_that_waits_for_its_verdict_holds_the_place_it_was_given() {
    let (tell, told) = oneshot::channel();
    let mut service = ServiceBuilder::new()
        .layer(AuthenticateLayer::bearer(WhenTold(Some(told).into())))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(service_fn(says_in));
    let waiting = service.ready().await.unwrap().call(request(Some("a")));

    let mut other = service.clone();
    assert!(poll_ready(&mut other).is_pending(), "the only place is taken");
    tell.send(()).unwrap();
    assert_eq!(waiting.await.unwrap().into_body(), "in");
    assert!(poll_ready(&mut other).is_ready(), "it is free again");
}

#[tokio::test]
async fn a_request_that_is_given_up_gives_its_place_back() {
    let (_tell, told) = oneshot::channel();
    let mut service = ServiceBuilder::new()
        .layer(AuthenticateLayer::bearer(WhenTold(Some(told).into())))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(service_fn(says_in));
    let waiting = service.ready().await.unwrap().call(request(Some("a")));
    drop(waiting);
    let response = service.ready().await.unwrap().call(request(Some("a"))).await.unwrap();
    assert_eq!(response.into_body(), "in");
}

#[tokio::test]
async fn a_service_that_is_not_ready_makes_the_layer_not_ready() {
    let limit = ConcurrencyLimitLayer::new(1);
    let inner = limit.layer(service_fn(says_in));
    let mut holder = inner.clone();
    holder.ready().await.unwrap();

    let mut service = AuthenticateLayer::bearer(Judges::AtOnce).layer(inner);
    assert!(poll_ready(&mut service).is_pending());
    drop(holder);
    assert!(poll_ready(&mut service).is_ready());
}

#[tokio::test]
async fn an_error_of_readiness_passes_through() {
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
        .layer(AuthenticateLayer::bearer(Judges::AtOnce))
        .layer(RequireScopeLayer::new(Scope::from_static("read")))
        .service(Broken);
    let error = service.oneshot(request(Some("good"))).await.unwrap_err();
    assert_eq!(error.to_string(), "shutting down");
}

/// Polls a service's readiness once.
fn poll_ready<S: Service<Request<()>>>(service: &mut S) -> Poll<Result<(), S::Error>> {
    service.poll_ready(&mut Context::from_waker(Waker::noop()))
}
