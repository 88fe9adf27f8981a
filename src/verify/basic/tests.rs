//! Tests of the verifier: which requests compute a hash, and which outcome they get.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::sync::Notify;

use super::{BasicVerifier, BasicVerifierBuilder, MemoryUserStore, UserRecord};
use crate::{
    BasicCredentials, Error, ErrorKind, Identity, Verify, testing::TestClock, verify::Revocation,
};

/// The hash of `password`, and of another password with another salt.
const HASH: &str =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
const OTHER_HASH: &str =
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
        Self::configured(|builder| builder)
    }

    fn configured(configure: impl FnOnce(BasicVerifierBuilder) -> BasicVerifierBuilder) -> Self {
        let users = Arc::new(MemoryUserStore::new());
        users.insert("alice", user(HASH));
        let clock = TestClock::new();
        let builder = BasicVerifier::users(Arc::clone(&users)).clock(clock.clone());
        let verifier = configure(builder).build().unwrap();
        Self { verifier, users, clock, guesses: AtomicUsize::new(0) }
    }

    async fn verify(&self, user_id: &str, password: &str) -> Result<Identity, ErrorKind> {
        verify(&self.verifier, user_id, password).await.map_err(|error| error.kind())
    }

    /// Guesses until the guess limit is exceeded, and counts the guesses that were checked.
    async fn guess_until_limited(&self, user_id: &str) -> usize {
        for checked in 0.. {
            let guess = self.guesses.fetch_add(1, Ordering::Relaxed).to_string();
            match self.verify(user_id, &guess).await.unwrap_err() {
                ErrorKind::InvalidCredentials => {}
                ErrorKind::TooManyAttempts => return checked,
                kind => panic!("{kind:?}"),
            }
        }
        unreachable!()
    }
}

fn user(hash: &str) -> UserRecord {
    UserRecord::new(hash.parse().unwrap(), Identity::assertion().subject("alice").build())
}

async fn verify(
    verifier: &BasicVerifier,
    user_id: &str,
    password: &str,
) -> Result<Identity, Error> {
    verifier.verify(BasicCredentials::new(user_id, password)).wait().await
}

#[tokio::test]
async fn unknown_users_and_incorrect_passwords_are_indistinguishable() {
    let service = Service::with_alice();
    for (hashes, user_id, password) in [
        (1, "alice", "wrong"),
        (2, "nobody", "wrong"),
        (3, "nobody", "password"),
        (4, "Alice", "password"),
        (5, "", ""),
    ] {
        let error = verify(&service.verifier, user_id, password).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidCredentials, "{user_id}");
        assert_eq!(error.to_string(), "credentials rejected");
        assert!(std::error::Error::source(&error).is_none());
        assert_eq!(service.verifier.hashes_computed(), hashes, "{user_id}");
    }
}

#[tokio::test]
async fn a_correct_password_is_hashed_once_in_five_minutes() {
    let service = Service::with_alice();
    for _ in 0..100 {
        let identity = service.verify("alice", "password").await.unwrap();
        assert_eq!(identity.subject(), Some("alice"));
    }
    assert_eq!(service.verifier.hashes_computed(), 1);
    service.clock.advance(299 * SECOND);
    service.verify("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), 1);
    service.clock.advance(SECOND);
    service.verify("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), 2);
}

#[tokio::test]
async fn without_a_cache_each_request_computes_a_hash() {
    let service = Service::configured(|builder| builder.cache_for(Duration::ZERO));
    for hashes in 1..4 {
        service.verify("alice", "password").await.unwrap();
        assert_eq!(service.verifier.hashes_computed(), hashes);
    }
}

#[tokio::test]
async fn changes_in_the_store_take_effect_immediately() {
    let service = Service::with_alice();
    service.verify("alice", "password").await.unwrap();

    let admin = Identity::assertion().subject("alice the admin").build();
    service.users.insert("alice", UserRecord::new(HASH.parse().unwrap(), admin));
    let identity = service.verify("alice", "password").await.unwrap();
    assert_eq!(identity.subject(), Some("alice the admin"));
    assert_eq!(service.verifier.hashes_computed(), 1);

    service.users.insert("alice", user(OTHER_HASH));
    let error = service.verify("alice", "password").await.unwrap_err();
    assert_eq!(error, ErrorKind::InvalidCredentials);
    assert_eq!(service.verifier.hashes_computed(), 2);

    service.users.insert("alice", user(HASH));
    service.verify("alice", "password").await.unwrap();
    assert!(service.users.remove("alice"));
    let error = service.verify("alice", "password").await.unwrap_err();
    assert_eq!(error, ErrorKind::InvalidCredentials);
}

#[tokio::test]
async fn after_an_invalidation_the_next_request_computes_a_hash() {
    let service = Service::with_alice();
    service.verify("alice", "password").await.unwrap();
    service.verifier.invalidate("bob");
    service.verify("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), 1);
    service.verifier.invalidate("alice");
    service.verify("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), 2);
    drop(service.verifier.revoke(&Revocation::token_id("alice")));
    service.verify("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), 2);
    drop(service.verifier.revoke(&Revocation::subject("alice")));
    service.verify("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), 3);
}

#[tokio::test]
async fn the_guess_limit_is_the_same_for_existing_and_unknown_users() {
    for user_id in ["alice", "nobody"] {
        let service = Service::with_alice();
        assert_eq!(service.guess_until_limited(user_id).await, 20);
        let error = verify(&service.verifier, user_id, "x").await.unwrap_err();
        assert_eq!(error.status(), 429);
        assert_eq!(error.retry_after(), Some(10 * SECOND));
        assert_eq!(service.verifier.hashes_computed(), 20);
        service.clock.advance(10 * SECOND);
        assert_eq!(service.guess_until_limited(user_id).await, 1);
    }
}

#[tokio::test]
async fn guesses_do_not_lock_out_recently_verified_credentials() {
    let service = Service::with_alice();
    service.verify("alice", "password").await.unwrap();
    service.guess_until_limited("alice").await;
    service.verify("alice", "password").await.unwrap();

    // Also when the cached outcome is too old and the password is checked again.
    let hashes = service.verifier.hashes_computed();
    service.clock.advance(Duration::from_secs(3600));
    service.guess_until_limited("alice").await;
    service.verify("alice", "password").await.unwrap();
    assert_eq!(service.verifier.hashes_computed(), hashes + 21);

    // A client whose credentials were not verified yet has to wait for an attempt.
    service.verifier.invalidate("alice");
    service.guess_until_limited("alice").await;
    let error = service.verify("alice", "password").await.unwrap_err();
    assert_eq!(error, ErrorKind::TooManyAttempts);
    service.clock.advance(10 * SECOND);
    service.verify("alice", "password").await.unwrap();
}

#[tokio::test]
async fn repeating_an_outdated_password_uses_one_hash_and_one_attempt() {
    for user_id in ["alice", "nobody"] {
        let service = Service::with_alice();
        for _ in 0..100 {
            let error = service.verify(user_id, "old").await.unwrap_err();
            assert_eq!(error, ErrorKind::InvalidCredentials);
        }
        assert_eq!(service.verifier.hashes_computed(), 1);
        assert_eq!(service.guess_until_limited(user_id).await, 19);
        let error = service.verify(user_id, "old").await.unwrap_err();
        assert_eq!(error, ErrorKind::InvalidCredentials);
    }
}

#[tokio::test]
async fn a_new_user_is_not_rejected_by_an_earlier_cached_outcome() {
    let service = Service::with_alice();
    service.verify("bob", "password").await.unwrap_err();
    service.users.insert("bob", user(HASH));
    service.verify("bob", "password").await.unwrap();
}

#[tokio::test]
async fn correct_passwords_do_not_count_toward_the_guess_limit() {
    let service = Service::configured(|builder| builder.cache_for(Duration::ZERO));
    for _ in 0..30 {
        service.verify("alice", "password").await.unwrap();
        service.verifier.invalidate("alice");
    }
    assert_eq!(service.guess_until_limited("alice").await, 20);
}

#[tokio::test]
async fn more_concurrent_checks_than_allowed_are_503() {
    let (go, entered) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let verifier = BasicVerifier::builder({
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
    .guess_limit(3, Duration::from_secs(10))
    .clock(TestClock::new())
    .build()
    .unwrap();
    let waiting = [0, 1].map(|_| {
        let verifier = verifier.clone();
        tokio::spawn(async move { verify(&verifier, "alice", "x").await })
    });
    while entered.load(Ordering::Relaxed) < 2 {
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        let error = verify(&verifier, "alice", "x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(error.retry_after(), Some(SECOND));
    }
    for task in waiting {
        go.notify_one();
        let error = task.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidCredentials);
    }
    // Requests without a permit used no attempt: the third is checked, the fourth is not.
    for kind in [ErrorKind::InvalidCredentials, ErrorKind::TooManyAttempts] {
        go.notify_one();
        assert_eq!(verify(&verifier, "alice", "x").await.unwrap_err().kind(), kind);
    }
}

#[tokio::test]
async fn recently_verified_credentials_get_a_permit_during_a_flood() {
    let is_stuck = Arc::new(AtomicBool::new(false));
    let verifier = BasicVerifier::builder({
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
    .max_checks(1)
    .build()
    .unwrap();
    verify(&verifier, "alice", "right").await.unwrap();
    is_stuck.store(true, Ordering::Relaxed);
    let mut flood = Box::pin(verify(&verifier, "mallory", "guess"));
    assert!(flood.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let error = verify(&verifier, "mallory", "another").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    verify(&verifier, "alice", "right").await.unwrap();
}

#[tokio::test]
async fn a_locked_account_is_not_cached_and_counts_as_an_attempt() {
    let verifier = BasicVerifier::builder(async |_| Err(Error::access_denied()))
        .cache_for(30 * SECOND)
        .guess_limit(3, Duration::from_secs(10))
        .clock(TestClock::new())
        .build()
        .unwrap();
    for _ in 0..3 {
        let error = verify(&verifier, "alice", "x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
    }
    let error = verify(&verifier, "alice", "x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyAttempts);
}

#[tokio::test]
async fn an_outage_uses_no_attempts_and_keeps_the_cache() {
    let (down, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let verifier = BasicVerifier::builder({
        let (down, calls) = (Arc::clone(&down), Arc::clone(&calls));
        move |credentials: BasicCredentials| {
            calls.fetch_add(1, Ordering::Relaxed);
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
    .guess_limit(1, Duration::from_secs(10))
    .clock(TestClock::new())
    .build()
    .unwrap();

    verify(&verifier, "alice", "right").await.unwrap();
    down.store(true, Ordering::Relaxed);
    for password in ["right", "wrong", "right", "wrong"] {
        let error = verify(&verifier, "alice", password).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
    down.store(false, Ordering::Relaxed);
    let error = verify(&verifier, "alice", "wrong").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidCredentials);
    let error = verify(&verifier, "alice", "wrong").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyAttempts);
    verify(&verifier, "alice", "right").await.unwrap();
    // By default, a function is called for every request.
    assert_eq!(calls.load(Ordering::Relaxed), 7);
}

#[tokio::test]
async fn a_function_is_called_again_after_its_outcome_expires() {
    let calls = Arc::new(AtomicUsize::new(0));
    let clock = TestClock::new();
    let verifier = BasicVerifier::builder({
        let calls = Arc::clone(&calls);
        move |_| {
            calls.fetch_add(1, Ordering::Relaxed);
            async { Ok(Some(Identity::assertion().subject("alice").build())) }
        }
    })
    .cache_for(30 * SECOND)
    .clock(clock.clone())
    .build()
    .unwrap();
    for (after, expected) in [(0, 1), (29, 1), (1, 2), (0, 2)] {
        clock.advance(after * SECOND);
        let identity = verify(&verifier, "alice", "right").await.unwrap();
        assert_eq!(identity.subject(), Some("alice"));
        assert_eq!(calls.load(Ordering::Relaxed), expected);
    }
}

#[test]
fn a_dropped_request_keeps_its_permit_until_it_is_hashed() {
    let service = Service::configured(|builder| builder.max_checks(1));
    let runtime =
        tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        // The only blocking thread is busy, so the hashes wait for it.
        let (done, busy) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || busy.recv());

        let mut dropped = Box::pin(service.verify("alice", "x"));
        let polled = dropped.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        drop(dropped);
        let error = service.verify("alice", "password").await.unwrap_err();
        assert_eq!(error, ErrorKind::Unavailable);

        drop(done);
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        service.verify("alice", "password").await.unwrap();
    });
}

#[test]
fn debug_shows_neither_users_nor_passwords() {
    let service = Service::with_alice();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(service.verify("alice", "password")).unwrap();
    let shown =
        format!("{:?} {:?} {:?}", service.verifier, service.users, user(HASH).password_hash);
    for secret in ["password\"", "nf65", "alice", "c29t"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn without_a_tokio_runtime_it_fails_as_misconfigured() {
    let service = Service::with_alice();
    let mut verifying = std::pin::pin!(verify(&service.verifier, "alice", "password"));
    let polled = verifying.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(error)) = polled else { panic!("{polled:?}") };
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn without_a_guess_limit_every_guess_is_checked() {
    let service =
        Service::configured(|builder| builder.guess_limit(1, 10 * SECOND).no_guess_limit());
    for guess in 0..100 {
        let error = service.verify("alice", &guess.to_string()).await.unwrap_err();
        assert_eq!(error, ErrorKind::InvalidCredentials);
    }
    assert_eq!(service.verifier.hashes_computed(), 100);
}
