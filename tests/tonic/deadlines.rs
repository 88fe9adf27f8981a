//! Deadlines and cancellation: a verification is dropped with its call.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use portcullis::{AuthenticateLayer, BearerToken, Verification, Verify};
use tokio::sync::Notify;
use tonic::Code;

use crate::{
    orders::orders_client::OrdersClient,
    support::{serve, shop, wish, with},
};

/// Never completes, and counts the running verifications.
#[derive(Debug, Default, Clone)]
struct Endless(Arc<State>);

#[derive(Debug, Default)]
struct State {
    running: AtomicUsize,
    started: Notify,
    ended: Notify,
}

impl Verify<BearerToken<'_>> for Endless {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        self.0.started.notify_one();
        let running = Running(Arc::clone(&self.0));
        Verification::pending(async move {
            let _running = running;
            std::future::pending().await
        })
    }
}

struct Running(Arc<State>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        self.0.ended.notify_one();
    }
}

#[tokio::test]
async fn a_deadline_that_passes_cancels_the_verification() {
    let endless = Endless::default();
    let channel = serve(AuthenticateLayer::bearer(endless.clone()).grpc().grpc(), shop()).await;
    let mut request = with("Bearer x", wish("tea"));
    request.set_timeout(Duration::from_millis(50));
    let status = OrdersClient::new(channel).create(request).await.unwrap_err();
    assert!(matches!(status.code(), Code::Cancelled | Code::DeadlineExceeded), "{status:?}");
    endless.0.ended.notified().await;
    assert_eq!(endless.0.running.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn dropping_a_call_cancels_its_verification() {
    let endless = Endless::default();
    let channel = serve(AuthenticateLayer::bearer(endless.clone()), shop()).await;
    let mut client = OrdersClient::new(channel);
    let call = tokio::spawn(async move { client.create(with("Bearer x", wish("tea"))).await });
    endless.0.started.notified().await;
    assert_eq!(endless.0.running.load(Ordering::SeqCst), 1);
    call.abort();
    endless.0.ended.notified().await;
    assert_eq!(endless.0.running.load(Ordering::SeqCst), 0);
}
