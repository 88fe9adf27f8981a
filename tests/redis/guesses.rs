//! Guesses that replicas count together in Redis.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use portcullis::{
    BasicCredentials, BasicVerifier, ErrorKind, Identity, Secret, Verify,
    basic::{Guess, GuessFuture, GuessState, GuessStore},
    credentials::GuessKey,
    testing::TestClock,
};

use crate::server::RedisServer;

const SECOND: Duration = Duration::from_secs(1);

/// What the script in Redis has to do.
#[derive(Debug, Clone, Default)]
struct Model(Arc<Mutex<(HashMap<u64, u64>, HashMap<(u64, u64), u64>)>>);

impl GuessStore for Model {
    fn take(&self, guess: &Guess) -> GuessFuture<Option<Duration>> {
        let (accounts, turns) = &mut *self.0.lock().unwrap();
        let full_at = accounts.entry(guess.account()).or_default();
        let turn = turns.entry((guess.account(), guess.client())).or_default();
        let (next, wait) = guess.take(GuessState { full_at: *full_at, turn: *turn });
        (*full_at, *turn) = (next.full_at, next.turn);
        Box::pin(async move { Ok(wait) })
    }

    fn refund(&self, guess: &Guess) -> GuessFuture<()> {
        let (accounts, _) = &mut *self.0.lock().unwrap();
        let full_at = accounts.entry(guess.account()).or_default();
        *full_at = guess.refund(*full_at);
        Box::pin(async { Ok(()) })
    }
}

fn replica(store: impl GuessStore, clock: &TestClock) -> BasicVerifier {
    BasicVerifier::builder(async |credentials: BasicCredentials| {
        let is_correct = credentials.password() == "correct";
        Ok(is_correct.then(|| Identity::assertion().subject(credentials.user_id()).build()))
    })
    .guess_limit(3, 10 * SECOND)
    .shared_guess_limit(store, Secret::from("thirty-two random bytes, at least"))
    .clock(clock.clone())
    .build()
    .unwrap()
}

async fn attempt(
    verifier: &BasicVerifier,
    user: &str,
    password: &str,
    client: &str,
) -> Result<(), (ErrorKind, Option<Duration>)> {
    let credentials = BasicCredentials::new(user, password).with_guess_key(GuessKey::from(client));
    let outcome = verifier.verify(credentials).wait().await;
    outcome.map(drop).map_err(|error| (error.kind(), error.retry_after()))
}

const WRONG: Result<(), (ErrorKind, Option<Duration>)> = Err((ErrorKind::InvalidCredentials, None));

#[tokio::test]
#[ignore = "needs redis-server"]
async fn redis_counts_as_the_model_does_whatever_is_attempted() {
    let (server, clock) = (RedisServer::forgetful(), TestClock::new());
    let shared = [(); 2].map(|()| replica(server.redis().guesses(), &clock));
    let model = Model::default();
    let modelled = [(); 2].map(|()| replica(model.clone(), &clock));
    let mut random = 7_u64;
    let mut next = |below: u64| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut limited = 0;
    for number in 0..1000 {
        let at = usize::try_from(next(2)).unwrap();
        let (user, client) = (format!("user {}", next(3)), format!("client {}", next(5)));
        let wrong = format!("wrong {number}");
        let password = if next(4) == 0 { "correct" } else { &wrong };
        let expected = attempt(&modelled[at], &user, password, &client).await;
        let found = attempt(&shared[at], &user, password, &client).await;
        assert_eq!(found, expected, "attempt {number}");
        limited += usize::from(matches!(found, Err((ErrorKind::TooManyAttempts, _))));
        if next(3) == 0 {
            clock.advance(Duration::from_millis(next(8000)));
        }
    }
    assert!((100..900).contains(&limited), "{limited} were limited");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn attempts_are_shared_except_while_redis_is_down() {
    let (mut server, clock) = (RedisServer::durable(), TestClock::new());
    let replicas = [(); 2].map(|()| replica(server.redis().guesses(), &clock));
    for (number, at) in [0, 1, 0].into_iter().enumerate() {
        let wrong = number.to_string();
        assert_eq!(attempt(&replicas[at], "alice", &wrong, "a").await, WRONG);
    }
    let limited = Err((ErrorKind::TooManyAttempts, Some(10 * SECOND)));
    assert_eq!(attempt(&replicas[1], "alice", "wrong", "a").await, limited);

    server.kill();
    for replica in &replicas {
        for number in 0..3 {
            assert_eq!(attempt(replica, "alice", &number.to_string(), "a").await, WRONG);
        }
        let outcome = attempt(replica, "alice", "wrong", "a").await;
        assert!(matches!(outcome, Err((ErrorKind::TooManyAttempts, _))), "{outcome:?}");
        assert_eq!(attempt(replica, "bob", "correct", "a").await, Ok(()));
    }
    server.restart();
    // What was counted before the outage is still known: it is the turn of the client.
    for replica in &replicas {
        let outcome = attempt(replica, "alice", "wrong", "a").await;
        assert!(matches!(outcome, Err((ErrorKind::TooManyAttempts, _))), "{outcome:?}");
    }

    server.signal("-STOP");
    assert_eq!(attempt(&replicas[0], "carol", "correct", "a").await, Ok(()), "in time");
    server.signal("-CONT");
    clock.advance(10 * SECOND);
    assert_eq!(attempt(&replicas[0], "alice", "correct", "a").await, Ok(()));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn keys_expire_and_contain_no_names() {
    let (server, clock) = (RedisServer::forgetful(), TestClock::new());
    let verifier = replica(server.redis().guesses(), &clock);
    for number in 0..5 {
        let _ = attempt(&verifier, "alice", &number.to_string(), "192.0.2.1").await;
    }
    assert_eq!(attempt(&verifier, "bob", "correct", "192.0.2.1").await, Ok(()));
    let client = redis::Client::open(format!("redis://127.0.0.1:{}", server.port)).unwrap();
    let mut link = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut link).await.unwrap();
    // The account and the turn of alice; bob's attempt was refunded.
    assert_eq!(keys.len(), 2, "{keys:?}");
    for key in keys {
        assert!(key.starts_with("portcullis:guess:{") && !key.contains("alice"), "{key}");
        let left: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut link).await.unwrap();
        assert!((1..=200_000).contains(&left), "{key}: {left} ms");
    }
}
