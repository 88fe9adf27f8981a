//! Unknown API tokens: the load that they cause in the store, and that they don't affect valid ones.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::Router;
use http::StatusCode;
use portcullis::{
    AuthenticateLayer, ErrorKind, OwnTokenVerifier,
    error::TokenFault,
    own_tokens::{
        MemoryTokenStore, NewToken, OwnTokenFormat, OwnTokenVerifierBuilder, TokenDigest,
        TokenLookup, TokenRecord, TokenStore,
    },
    testing::TestClock,
};
use tokio::{sync::Notify, task::JoinHandle};

use crate::support::{TestResponse, send, whoami, with_token};

const SECOND: Duration = Duration::from_secs(1);

/// A store that counts look-ups, and can be made to hang.
#[derive(Clone, Default)]
struct Store(Arc<StoreState>);

#[derive(Default)]
struct StoreState {
    tokens: MemoryTokenStore,
    hangs: AtomicBool,
    resumed: Notify,
    look_ups: AtomicUsize,
    running: AtomicUsize,
    most_running: AtomicUsize,
}

impl Store {
    fn look_ups(&self) -> usize {
        self.0.look_ups.load(Ordering::SeqCst)
    }

    fn running(&self) -> usize {
        self.0.running.load(Ordering::SeqCst)
    }

    fn hang(&self) {
        self.0.hangs.store(true, Ordering::SeqCst);
    }

    fn resume(&self) {
        self.0.hangs.store(false, Ordering::SeqCst);
        self.0.resumed.notify_waiters();
    }

    fn issue(&self, id: &str) -> NewToken {
        let token = made_up();
        self.0.tokens.insert(token.digest(), TokenRecord::new(id, "alice"));
        token
    }
}

impl TokenStore for Store {
    fn find(&self, digest: TokenDigest) -> TokenLookup<'_> {
        let state = &self.0;
        state.look_ups.fetch_add(1, Ordering::SeqCst);
        let running = state.running.fetch_add(1, Ordering::SeqCst) + 1;
        state.most_running.fetch_max(running, Ordering::SeqCst);
        Box::pin(async move {
            let resumed = state.resumed.notified();
            if state.hangs.load(Ordering::SeqCst) {
                resumed.await;
            }
            state.running.fetch_sub(1, Ordering::SeqCst);
            state.tokens.find(digest).await
        })
    }
}

fn format() -> OwnTokenFormat {
    OwnTokenFormat::new("hcms_pat").unwrap()
}

/// A token with a correct checksum, which no store knows yet.
fn made_up() -> NewToken {
    format().generate().unwrap()
}

fn app(
    store: &Store,
    configure: impl FnOnce(OwnTokenVerifierBuilder) -> OwnTokenVerifierBuilder,
) -> Router {
    let builder = OwnTokenVerifier::builder(format(), store.clone());
    whoami().layer(AuthenticateLayer::bearer(configure(builder).build().unwrap()))
}

fn spawn(app: &Router, token: &NewToken) -> JoinHandle<TestResponse> {
    let (app, request) = (app.clone(), with_token(token.reveal()));
    tokio::spawn(async move { send(&app, request).await })
}

async fn statuses(requests: Vec<JoinHandle<TestResponse>>, status: StatusCode) -> usize {
    let mut count = 0;
    for request in requests {
        count += usize::from(request.await.unwrap().status == status);
    }
    count
}

/// Lets all spawned requests run until they wait.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn unknown_tokens_cause_at_most_a_hundred_look_ups_at_once() {
    let store = Store::default();
    let app = app(&store, |builder| builder);
    store.hang();
    let requests: Vec<_> = (0..2_000).map(|_| spawn(&app, &made_up())).collect();
    settle().await;
    assert_eq!((store.running(), store.look_ups()), (100, 100));

    let response = send(&app, with_token(made_up().reveal())).await;
    assert_eq!(response.status, 503);
    assert_eq!(response.headers["retry-after"], "1");
    assert_eq!(store.look_ups(), 100);

    // A hundred run and a thousand wait. The rest were rejected.
    store.resume();
    assert_eq!(statuses(requests, StatusCode::UNAUTHORIZED).await, 1_100);
    assert_eq!(store.look_ups(), 1_100);
    assert_eq!(store.0.most_running.load(Ordering::SeqCst), 100);
}

#[tokio::test]
async fn made_up_tokens_do_not_affect_recently_valid_ones() {
    let (store, clock) = (Store::default(), TestClock::new());
    let app = app(&store, |builder| builder.max_lookups(2).clock(clock.clone()));
    let token = store.issue("1");
    assert_eq!(send(&app, with_token(token.reveal())).await.status, 200);

    store.hang();
    let flood: Vec<_> = (0..100).map(|_| spawn(&app, &made_up())).collect();
    settle().await;
    assert_eq!(store.running(), 2);
    let unaffected = spawn(&app, &token);
    settle().await;
    assert_eq!(store.running(), 3, "it doesn't wait behind the flood");
    store.resume();
    assert_eq!(unaffected.await.unwrap().status, 200);
    assert_eq!(statuses(flood, StatusCode::UNAUTHORIZED).await, 22);

    // A day later, it waits as any other.
    clock.advance(Duration::from_secs(86_400));
    store.hang();
    let flood: Vec<_> = (0..2).map(|_| spawn(&app, &made_up())).collect();
    settle().await;
    let waits = spawn(&app, &token);
    settle().await;
    assert_eq!(store.running(), 2);
    store.resume();
    assert_eq!(waits.await.unwrap().status, 200);
    assert_eq!(statuses(flood, StatusCode::UNAUTHORIZED).await, 2);
}

#[tokio::test]
async fn a_revoked_token_loses_its_reserve() {
    let store = Store::default();
    let app = app(&store, |builder| builder.max_lookups(1));
    let token = store.issue("1");
    assert_eq!(send(&app, with_token(token.reveal())).await.status, 200);
    store.0.tokens.revoke("1", SystemTime::now());
    assert_eq!(send(&app, with_token(token.reveal())).await.status, 401);

    store.hang();
    let requests = [spawn(&app, &made_up()), spawn(&app, &token)];
    settle().await;
    assert_eq!(store.running(), 1);
    store.resume();
    assert_eq!(statuses(requests.into(), StatusCode::UNAUTHORIZED).await, 2);
}

#[tokio::test]
async fn an_unknown_token_is_looked_up_once_in_two_seconds() {
    let (store, clock) = (Store::default(), TestClock::new());
    let app = app(&store, |builder| builder.clock(clock.clone()));
    let token = made_up();
    for _ in 0..500 {
        let response = send(&app, with_token(token.reveal())).await;
        assert_eq!(response.kind(), Some(ErrorKind::InvalidToken(TokenFault::Rejected)));
    }
    assert_eq!(store.look_ups(), 1);

    store.0.tokens.insert(token.digest(), TokenRecord::new("1", "alice"));
    clock.advance(SECOND);
    assert_eq!(send(&app, with_token(token.reveal())).await.status, 401);
    clock.advance(SECOND);
    assert_eq!(send(&app, with_token(token.reveal())).await.status, 200);
    assert_eq!(store.look_ups(), 2);
}

#[tokio::test]
async fn requests_with_the_same_unknown_token_share_a_look_up() {
    let store = Store::default();
    let app = app(&store, |builder| builder.max_lookups(1));
    store.hang();
    let token = made_up();
    let requests: Vec<_> = (0..10).map(|_| spawn(&app, &token)).collect();
    settle().await;
    store.resume();
    assert_eq!(statuses(requests, StatusCode::UNAUTHORIZED).await, 10);
    assert_eq!(store.look_ups(), 1);
}

#[tokio::test]
async fn without_the_cache_each_unknown_token_is_looked_up() {
    let store = Store::default();
    let app = app(&store, |builder| builder.cache_unknown_for(Duration::ZERO));
    let token = made_up();
    for look_ups in 1..4 {
        assert_eq!(send(&app, with_token(token.reveal())).await.status, 401);
        assert_eq!(store.look_ups(), look_ups);
    }
}

#[tokio::test]
async fn a_request_that_ends_early_gives_its_permit_back() {
    let store = Store::default();
    let app = app(&store, |builder| builder.max_lookups(1));
    store.hang();
    let dropped = spawn(&app, &made_up());
    settle().await;
    dropped.abort();
    assert!(dropped.await.unwrap_err().is_cancelled());
    store.resume();
    assert_eq!(send(&app, with_token(made_up().reveal())).await.status, 401);
}
