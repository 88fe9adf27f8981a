//! The verifier with a store of password hashes: what work is done for whom.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::sync::Notify;

use super::{BasicVerifier, MemoryUserStore, UserRecord};
use crate::{
    BasicCredentials, Error, ErrorKind, Identity, Verify, testing::TestClock, verify::Revocation,
};

/// Of `password`, and of another one with another salt.
const HASH: &str =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
const OTHER: &str =
    "$argon2id$v=19$m=256,t=2,p=1$ZGlmZnNhbHQ$vxIJN/AKKQCgkTyR43HdsUwi9mkEDYJ0GGjSiOlOgOM";

const SECOND: Duration = Duration::from_secs(1);

struct Service {
    verifier: BasicVerifier,
    users: Arc<MemoryUserStore>,
    clock: TestClock,
    guesses: AtomicUsize,
}

impl Service {
    fn with_alice() -> Self {
        let users = Arc::new(MemoryUserStore::new());
        users.insert("alice", user(HASH));
        let clock = TestClock::new();
        let verifier = BasicVerifier::users(Arc::clone(&users)).clock(clock.clone());
        Self { verifier, users, clock, guesses: AtomicUsize::new(0) }
    }

    async fn ask(&self, user_id: &str, password: &str) -> Result<Identity, ErrorKind> {
        ask(&self.verifier, user_id, password).await.map_err(|error| error.kind())
    }

    /// Guesses until nothing is judged any more, and counts the guesses that were.
    async fn hammer(&self, user_id: &str) -> usize {
        for judged in 0.. {
            let guess = self.guesses.fetch_add(1, Ordering::Relaxed).to_string();
            match self.ask(user_id, &guess).await.unwrap_err() {
                ErrorKind::InvalidCredentials => {}
                ErrorKind::TooManyAttempts => return judged,
                kind => panic!("{kind:?}"),
            }
        }
        unreachable!()
    }
}

fn user(hash: &str) -> UserRecord {
    UserRecord::new(hash.parse().unwrap(), Identity::assertion().subject("alice").build())
}

async fn ask(verifier: &BasicVerifier, user_id: &str, password: &str) -> Result<Identity, Error> {
    verifier.verify(BasicCredentials::new(user_id, password)).wait().await
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_the_same_work_and_the_same_refusal() {
    let service = Service::with_alice();
    for (made, user_id, password) in [
        (1, "alice", "wrong"),
        (2, "nobody", "wrong"),
        (3, "nobody", "password"),
        (4, "Alice", "password"),
        (5, "", ""),
    ] {
        let error = ask(&service.verifier, user_id, password).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidCredentials, "{user_id}");
        assert_eq!(error.to_string(), "credentials refused");
        assert!(std::error::Error::source(&error).is_none());
        assert_eq!(service.verifier.hashes_computed(), made, "{user_id}");
    }
}

#[tokio::test]
async fn the_right_password_is_hashed_once_in_five_minutes() {
    let service = Service::with_alice();
    for _ in 0..100 {
        let identity = service.ask("alice", "password").await.unwrap();
        assert_eq!(identity.subject(), Some("alice"));
    }
    assert_eq!(service.verifier.hashes_computed(), 1);
    service.clock.advance(299 * SECOND);
    service.ask("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), 1);
    service.clock.advance(SECOND);
    service.ask("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), 2);
}

#[tokio::test]
async fn with_nothing_remembered_each_request_is_a_hash() {
    let mut service = Service::with_alice();
    service.verifier = service.verifier.remember_for(Duration::ZERO);
    for made in 1..4 {
        service.ask("alice", "password").await.unwrap();
        assert_eq!(service.verifier.hashes_computed(), made);
    }
}

#[tokio::test]
async fn what_changes_in_the_store_is_seen_at_once() {
    let service = Service::with_alice();
    service.ask("alice", "password").await.unwrap();

    let admin = Identity::assertion().subject("alice the admin").build();
    service.users.insert("alice", UserRecord::new(HASH.parse().unwrap(), admin));
    let identity = service.ask("alice", "password").await.unwrap();
    assert_eq!(identity.subject(), Some("alice the admin"));
    assert_eq!(service.verifier.hashes_computed(), 1);

    service.users.insert("alice", user(OTHER));
    let refused = service.ask("alice", "password").await.unwrap_err();
    assert_eq!(refused, ErrorKind::InvalidCredentials);
    assert_eq!(service.verifier.hashes_computed(), 2);

    service.users.insert("alice", user(HASH));
    service.ask("alice", "password").await.unwrap();
    assert!(service.users.remove("alice"));
    let refused = service.ask("alice", "password").await.unwrap_err();
    assert_eq!(refused, ErrorKind::InvalidCredentials);
}

#[tokio::test]
async fn after_an_invalidation_the_next_request_is_a_hash() {
    let service = Service::with_alice();
    service.ask("alice", "password").await.unwrap();
    service.verifier.invalidate("bob");
    service.ask("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), 1);
    service.verifier.invalidate("alice");
    service.ask("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), 2);
    service.verifier.revoke(&Revocation::TokenId("alice".to_owned()));
    service.ask("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), 2);
    service.verifier.revoke(&Revocation::Subject("alice".to_owned()));
    service.ask("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), 3);
}

#[tokio::test]
async fn guessing_ends_after_twenty_for_known_and_unknown_users_alike() {
    for user_id in ["alice", "nobody"] {
        let service = Service::with_alice();
        assert_eq!(service.hammer(user_id).await, 20);
        let error = ask(&service.verifier, user_id, "x").await.unwrap_err();
        assert_eq!(error.status(), 429);
        assert_eq!(error.retry_after(), Some(10 * SECOND));
        assert_eq!(service.verifier.hashes_computed(), 20);
        service.clock.advance(10 * SECOND);
        assert_eq!(service.hammer(user_id).await, 1);
    }
}

#[tokio::test]
async fn hammering_does_not_lock_out_who_was_right_before() {
    let service = Service::with_alice();
    service.ask("alice", "password").await.unwrap();
    service.hammer("alice").await;
    service.ask("alice", "password").await.unwrap();

    // Also once it has to be checked anew.
    let made = service.verifier.hashes_computed();
    service.clock.advance(Duration::from_secs(3600));
    service.hammer("alice").await;
    service.ask("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), made + 21);

    // A client never seen before waits, and gets in between two guesses.
    service.verifier.invalidate("alice");
    service.hammer("alice").await;
    let refused = service.ask("alice", "password").await.unwrap_err();
    assert_eq!(refused, ErrorKind::TooManyAttempts);
    service.clock.advance(10 * SECOND);
    service.ask("alice", "password").await.unwrap();
}

#[tokio::test]
async fn a_client_that_goes_on_with_an_old_password_costs_one_hash_and_one_attempt() {
    for user_id in ["alice", "nobody"] {
        let service = Service::with_alice();
        for _ in 0..100 {
            let refused = service.ask(user_id, "old").await.unwrap_err();
            assert_eq!(refused, ErrorKind::InvalidCredentials);
        }
        assert_eq!(service.verifier.hashes_computed(), 1);
        assert_eq!(service.hammer(user_id).await, 19);
        let refused = service.ask(user_id, "old").await.unwrap_err();
        assert_eq!(refused, ErrorKind::InvalidCredentials);
    }
}

#[tokio::test]
async fn a_new_user_is_not_refused_for_what_was_wrong_while_there_was_none() {
    let service = Service::with_alice();
    service.ask("bob", "password").await.unwrap_err();
    service.users.insert("bob", user(HASH));
    service.ask("bob", "password").await.unwrap();
}

#[tokio::test]
async fn right_passwords_are_no_wrong_attempts() {
    let mut service = Service::with_alice();
    service.verifier = service.verifier.remember_for(Duration::ZERO);
    for _ in 0..30 {
        service.ask("alice", "password").await.unwrap();
        service.verifier.invalidate("alice");
    }
    assert_eq!(service.hammer("alice").await, 20);
}

#[tokio::test]
async fn more_checks_than_may_be_under_way_are_answered_503() {
    let (go, entered) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let verifier = BasicVerifier::new({
        let (go, entered) = (Arc::clone(&go), Arc::clone(&entered));
        move |_| {
            entered.fetch_add(1, Ordering::Relaxed);
            let go = Arc::clone(&go);
            async move {
                go.notified().await;
                Ok(None)
            }
        }
    })
    .max_checks(2)
    .wrong_attempts(3, Duration::from_secs(10))
    .clock(TestClock::new());
    let waiting = [0, 1].map(|_| {
        let verifier = verifier.clone();
        tokio::spawn(async move { ask(&verifier, "alice", "x").await })
    });
    while entered.load(Ordering::Relaxed) < 2 {
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        let error = ask(&verifier, "alice", "x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(error.retry_after(), Some(SECOND));
    }
    for task in waiting {
        go.notify_one();
        let error = task.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidCredentials);
    }
    // What was not looked at was no attempt: the third is judged, the fourth isn't.
    for kind in [ErrorKind::InvalidCredentials, ErrorKind::TooManyAttempts] {
        go.notify_one();
        assert_eq!(ask(&verifier, "alice", "x").await.unwrap_err().kind(), kind);
    }
}

#[tokio::test]
async fn a_flood_of_guesses_leaves_their_places_to_those_who_were_right_before() {
    let is_stuck = Arc::new(AtomicBool::new(false));
    let verifier = BasicVerifier::new({
        let is_stuck = Arc::clone(&is_stuck);
        move |credentials: BasicCredentials| {
            let is_stuck = is_stuck.load(Ordering::Relaxed);
            async move {
                match credentials.password() {
                    "right" => Ok(Some(Identity::assertion().subject("alice").build())),
                    _ if is_stuck => std::future::pending().await,
                    _ => Ok(None),
                }
            }
        }
    })
    .max_checks(1);
    ask(&verifier, "alice", "right").await.unwrap();
    is_stuck.store(true, Ordering::Relaxed);
    let mut flood = Box::pin(ask(&verifier, "mallory", "guess"));
    assert!(flood.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let error = ask(&verifier, "mallory", "another").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    ask(&verifier, "alice", "right").await.unwrap();
}

#[tokio::test]
async fn what_a_function_says_of_a_locked_account_is_said_again_and_counts_as_wrong() {
    let verifier = BasicVerifier::new(async |_| Err(Error::access_denied()))
        .remember_for(30 * SECOND)
        .wrong_attempts(3, Duration::from_secs(10))
        .clock(TestClock::new());
    for _ in 0..3 {
        let error = ask(&verifier, "alice", "x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
    }
    let error = ask(&verifier, "alice", "x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyAttempts);
}

#[tokio::test]
async fn an_outage_is_no_wrong_attempt_and_forgets_nobody() {
    let (down, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let verifier = BasicVerifier::new({
        let (down, asked) = (Arc::clone(&down), Arc::clone(&asked));
        move |credentials: BasicCredentials| {
            asked.fetch_add(1, Ordering::Relaxed);
            let down = down.load(Ordering::Relaxed);
            async move {
                match credentials.password() {
                    _ if down => Err(Error::unavailable("the directory is down")),
                    "right" => Ok(Some(Identity::assertion().subject("alice").build())),
                    _ => Ok(None),
                }
            }
        }
    })
    .wrong_attempts(1, Duration::from_secs(10))
    .clock(TestClock::new());

    ask(&verifier, "alice", "right").await.unwrap();
    down.store(true, Ordering::Relaxed);
    for password in ["right", "wrong", "right", "wrong"] {
        let error = ask(&verifier, "alice", password).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
    down.store(false, Ordering::Relaxed);
    let refused = ask(&verifier, "alice", "wrong").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidCredentials);
    let refused = ask(&verifier, "alice", "wrong").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TooManyAttempts);
    ask(&verifier, "alice", "right").await.unwrap();
    // By default a function is asked each time.
    assert_eq!(asked.load(Ordering::Relaxed), 7);
}

#[tokio::test]
async fn a_function_is_asked_again_when_its_answer_is_too_old() {
    let asked = Arc::new(AtomicUsize::new(0));
    let clock = TestClock::new();
    let verifier = BasicVerifier::new({
        let asked = Arc::clone(&asked);
        move |_| {
            asked.fetch_add(1, Ordering::Relaxed);
            async { Ok(Some(Identity::assertion().subject("alice").build())) }
        }
    })
    .remember_for(30 * SECOND)
    .clock(clock.clone());
    for (after, expected) in [(0, 1), (29, 1), (1, 2), (0, 2)] {
        clock.advance(after * SECOND);
        let identity = ask(&verifier, "alice", "right").await.unwrap();
        assert_eq!(identity.subject(), Some("alice"));
        assert_eq!(asked.load(Ordering::Relaxed), expected);
    }
}

#[test]
fn a_request_that_goes_away_keeps_its_place_until_its_hash_is_done() {
    let mut service = Service::with_alice();
    service.verifier = service.verifier.max_checks(1);
    let runtime =
        tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        // The one thread for hashes is busy, so they queue behind.
        let (done, busy) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || busy.recv());

        let mut going_away = Box::pin(service.ask("alice", "x"));
        let polled = going_away.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        drop(going_away);
        let refused = service.ask("alice", "password").await.unwrap_err();
        assert_eq!(refused, ErrorKind::Unavailable);

        drop(done);
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        service.ask("alice", "password").await.unwrap();
    });
}

#[test]
fn debug_shows_no_user_and_no_password() {
    let service = Service::with_alice();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(service.ask("alice", "password")).unwrap();
    let shown =
        format!("{:?} {:?} {:?}", service.verifier, service.users, user(HASH).password_hash);
    for secret in ["password\"", "nf65", "alice", "c29t"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn without_a_tokio_runtime_it_says_so() {
    let service = Service::with_alice();
    let mut asking = std::pin::pin!(ask(&service.verifier, "alice", "password"));
    let answer = asking.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(error)) = answer else { panic!("{answer:?}") };
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}
