//! Guesses that replicas count together.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use portcullis::{
    BasicCredentials, BasicVerifier, Error, ErrorKind, Identity, Secret, Verify,
    basic::{BasicVerifierBuilder, Guess, GuessFuture, GuessState, GuessStore},
    credentials::GuessKey,
    testing::TestClock,
};

const KEY: &str = "thirty-two random bytes, at least";
const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Default)]
struct Store(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_down: AtomicBool,
    accounts: Mutex<HashMap<u64, u64>>,
    turns: Mutex<HashMap<(u64, u64), u64>>,
}

impl Store {
    fn check(&self) -> Result<(), Error> {
        let is_down = self.0.is_down.load(Ordering::SeqCst);
        if is_down { Err(Error::unavailable("the store is down")) } else { Ok(()) }
    }
}

impl GuessStore for Store {
    fn take(&self, guess: &Guess) -> GuessFuture<Option<Duration>> {
        let outcome = self.check().map(|()| {
            let mut accounts = self.0.accounts.lock().unwrap();
            let mut turns = self.0.turns.lock().unwrap();
            let full_at = accounts.entry(guess.account()).or_default();
            let turn = turns.entry((guess.account(), guess.client())).or_default();
            let (next, wait) = guess.take(GuessState { full_at: *full_at, turn: *turn });
            (*full_at, *turn) = (next.full_at, next.turn);
            wait
        });
        Box::pin(async move { outcome })
    }

    fn refund(&self, guess: &Guess) -> GuessFuture<()> {
        let outcome = self.check().map(|()| {
            let mut accounts = self.0.accounts.lock().unwrap();
            let full_at = accounts.entry(guess.account()).or_default();
            *full_at = guess.refund(*full_at);
        });
        Box::pin(async move { outcome })
    }
}

fn builder(store: &Store, clock: &TestClock, key: &'static str) -> BasicVerifierBuilder {
    BasicVerifier::builder(async |credentials: BasicCredentials| {
        let is_correct = credentials.password() == "correct";
        Ok(is_correct.then(|| Identity::assertion().subject(credentials.user_id()).build()))
    })
    .guess_limit(4, 10 * SECOND)
    .shared_guess_limit(store.clone(), Secret::from(key))
    .clock(clock.clone())
}

fn replica(store: &Store, clock: &TestClock, key: &'static str) -> BasicVerifier {
    builder(store, clock, key).build().unwrap()
}

async fn kind(
    verifier: &BasicVerifier,
    user: &str,
    password: &str,
    client: &str,
) -> Option<ErrorKind> {
    let credentials = BasicCredentials::new(user, password).with_guess_key(GuessKey::from(client));
    verifier.verify(credentials).wait().await.err().map(|error| error.kind())
}

const WRONG: Option<ErrorKind> = Some(ErrorKind::InvalidCredentials);
const LIMITED: Option<ErrorKind> = Some(ErrorKind::TooManyAttempts);

#[tokio::test]
async fn an_account_has_its_attempts_once_for_all_replicas() {
    let (store, clock) = (Store::default(), TestClock::new());
    let replicas = [replica(&store, &clock, KEY), replica(&store, &clock, KEY)];
    for attempt in 0..4 {
        let replica = &replicas[attempt % 2];
        assert_eq!(kind(replica, "alice", &format!("wrong {attempt}"), "a").await, WRONG);
    }
    for replica in &replicas {
        assert_eq!(kind(replica, "alice", "wrong", "a").await, LIMITED);
        assert_eq!(kind(replica, "Alice ", "wrong", "a").await, LIMITED, "another spelling");
        assert_eq!(kind(replica, "bob", "correct", "a").await, None, "another account");
    }
    // The turns of clients are shared too: the correct password is accepted on any replica, whoever guesses.
    assert_eq!(kind(&replicas[0], "alice", "correct", "b").await, LIMITED);
    clock.advance(20 * SECOND);
    assert_eq!(kind(&replicas[0], "alice", "wrong", "a").await, WRONG, "its turn");
    assert_eq!(kind(&replicas[1], "alice", "correct", "b").await, None);
    // The attempt with the correct password was refunded.
    assert_eq!(kind(&replicas[1], "alice", "wrong", "a").await, WRONG);
    assert_eq!(kind(&replicas[0], "alice", "wrong", "a").await, LIMITED);
}

#[tokio::test]
async fn each_replica_limits_a_client_for_all_accounts_together() {
    let (store, clock) = (Store::default(), TestClock::new());
    let limited = || builder(&store, &clock, KEY).client_guess_limit(2, 60 * SECOND);
    for replica in [limited(), limited()].map(|builder| builder.build().unwrap()) {
        assert_eq!(kind(&replica, "alice", "wrong", "a").await, WRONG);
        assert_eq!(kind(&replica, "bob", "correct", "a").await, None, "is refunded");
        assert_eq!(kind(&replica, "bob", "wrong", "a").await, WRONG);
        assert_eq!(kind(&replica, "carol", "wrong", "a").await, LIMITED);
        assert_eq!(kind(&replica, "carol", "wrong", "b").await, WRONG, "another client");
    }
}

#[tokio::test]
async fn correct_passwords_are_refunded() {
    let (store, clock) = (Store::default(), TestClock::new());
    let verifier = replica(&store, &clock, KEY);
    for _ in 0..100 {
        assert_eq!(kind(&verifier, "alice", "correct", "a").await, None);
    }
    for attempt in 0..4 {
        assert_eq!(kind(&verifier, "alice", &attempt.to_string(), "a").await, WRONG);
    }
    assert_eq!(kind(&verifier, "alice", "wrong", "a").await, LIMITED);
}

#[tokio::test]
async fn the_store_sees_digests_that_depend_on_the_key() {
    let (store, clock) = (Store::default(), TestClock::new());
    let accounts = |store: &Store| {
        let accounts = store.0.accounts.lock().unwrap();
        accounts.keys().copied().collect::<Vec<_>>()
    };
    for key in [KEY, KEY, "another thirty-two random bytes!"] {
        kind(&replica(&store, &clock, key), "alice", "wrong", "a").await;
    }
    assert_eq!(accounts(&store).len(), 2);
    let error = BasicVerifier::builder(async |_| Ok(None))
        .shared_guess_limit(store, Secret::from("sh0rt"))
        .build()
        .unwrap_err()
        .to_string();
    assert!(error.contains("shared_guess_limit key") && !error.contains("sh0rt"), "{error}");
}

#[tokio::test]
async fn while_the_store_is_down_each_replica_counts_on_its_own() {
    let (store, clock) = (Store::default(), TestClock::new());
    let replicas = [replica(&store, &clock, KEY), replica(&store, &clock, KEY)];
    assert_eq!(kind(&replicas[0], "alice", "wrong", "a").await, WRONG);
    store.0.is_down.store(true, Ordering::SeqCst);
    #[cfg(feature = "tracing")]
    let (capture, _guard) = crate::telemetry::capture::Capture::start();
    for replica in &replicas {
        for attempt in 0..4 {
            assert_eq!(kind(replica, "alice", &attempt.to_string(), "a").await, WRONG);
        }
        assert_eq!(kind(replica, "alice", "wrong", "a").await, LIMITED);
        assert_eq!(kind(replica, "bob", "correct", "a").await, None);
    }
    #[cfg(feature = "tracing")]
    {
        let lines = capture.take();
        let text =
            "the shared store of wrong passwords is unreachable: each replica counts on its own";
        let warnings = lines.iter().filter(|line| line.text.starts_with(text)).count();
        assert_eq!(warnings, 2, "one for each replica: {lines:#?}");
        assert!(lines.iter().all(|line| !line.text.contains("alice")), "{lines:#?}");
    }
    store.0.is_down.store(false, Ordering::SeqCst);
    for attempt in 0..3 {
        assert_eq!(kind(&replicas[0], "alice", &format!("later {attempt}"), "a").await, WRONG);
    }
    assert_eq!(kind(&replicas[1], "alice", "wrong", "a").await, LIMITED);
}
