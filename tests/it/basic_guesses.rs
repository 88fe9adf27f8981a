//! Guessed passwords: the accounts that they count for, the load on the store, and that a user with the correct
//! password isn't locked out.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use base64_simd::STANDARD;
use http::Request;
use portcullis::{
    AuthenticateLayer, BasicCredentials, BasicVerifier, Error, ErrorKind, Identity, Secret, Verify,
    basic::{BasicVerifierBuilder, KnownPasswordsError, UserRecord, UserStore},
    testing::TestClock,
};

use crate::support::{TestResponse, send, whoami, with_authorization};

/// The hash of `password`.
const HASH: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ\
    $nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

const SECOND: Duration = Duration::from_secs(1);

/// A store that compares user-ids without case and accents, knows users by their e-mail address too, and
/// counts look-ups.
#[derive(Clone, Default)]
struct Users(Arc<AtomicUsize>);

impl Users {
    fn look_ups(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl UserStore for Users {
    async fn look_up(&self, user_id: &str) -> Result<Option<UserRecord>, Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let folded = user_id.trim_end().to_lowercase().replace('\u{e1}', "a");
        let name = folded.strip_suffix("@example.com").unwrap_or(&folded);
        let identity = Identity::assertion().subject(name).build();
        let user = || UserRecord::new(HASH.parse().unwrap(), identity);
        Ok(["alice", "bob"].contains(&name).then(user))
    }
}

struct Service {
    verifier: BasicVerifier,
    users: Users,
    clock: TestClock,
    app: Router,
    guesses: AtomicUsize,
}

impl Service {
    fn new(configure: impl FnOnce(BasicVerifierBuilder) -> BasicVerifierBuilder) -> Self {
        let (users, clock) = (Users::default(), TestClock::new());
        let builder = BasicVerifier::users(users.clone()).clock(clock.clone());
        let verifier = configure(builder).build().unwrap();
        let layer = AuthenticateLayer::basic_only(verifier.clone()).guess_key(|request| {
            request.extensions().get::<ConnectInfo<IpAddr>>().map(|address| address.0.into())
        });
        let app = whoami().layer(layer);
        Self { verifier, users, clock, app, guesses: AtomicUsize::new(0) }
    }

    async fn send(&self, user_id: &str, password: &str, address: Option<IpAddr>) -> TestResponse {
        let credentials = STANDARD.encode_to_string(format!("{user_id}:{password}"));
        let mut request: Request<Body> = with_authorization(&format!("Basic {credentials}"));
        if let Some(address) = address {
            request.extensions_mut().insert(ConnectInfo(address));
        }
        send(&self.app, request).await
    }

    /// Sends a password that was not sent before.
    async fn guess(&self, user_id: &str, address: Option<IpAddr>) -> u16 {
        let guess = self.guesses.fetch_add(1, Ordering::SeqCst);
        self.send(user_id, &format!("guess {guess}"), address).await.status.as_u16()
    }

    /// Sends guesses, and returns how many of them were checked.
    async fn guess_often(&self, user_id: &str, count: usize, address: Option<IpAddr>) -> usize {
        let mut checked = 0;
        for _ in 0..count {
            checked += usize::from(self.guess(user_id, address).await == 401);
        }
        checked
    }
}

#[expect(clippy::unnecessary_wraps, reason = "requests without an address have none")]
fn address(last: u8) -> Option<IpAddr> {
    Some(Ipv4Addr::new(192, 0, 2, last).into())
}

fn retry_after(response: &TestResponse) -> Duration {
    assert_eq!(response.status, 429);
    Duration::from_secs(response.headers["retry-after"].to_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn an_account_has_twenty_guesses_for_all_spellings_of_its_user() {
    let service = Service::new(|builder| builder);
    let mut checked = 0;
    for spelling in 0..64_u32 {
        let letters = "alice ".char_indices().map(|(at, letter)| {
            if spelling >> at & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
        });
        checked += service.guess_often(&letters.collect::<String>(), 20, None).await;
    }
    assert_eq!(checked, 20);
    assert_eq!(service.users.look_ups(), 20);
}

#[tokio::test]
async fn attempts_count_for_the_account_that_the_store_finds() {
    let service = Service::new(|builder| builder);
    assert_eq!(service.guess_often("alice", 30, None).await, 20);
    for (number, spelling) in
        ["\u{e1}lice", "alice@example.com", "\u{e1}lice@example.com"].iter().enumerate()
    {
        assert_eq!(service.guess_often(spelling, 30, None).await, 0, "{spelling}");
        assert_eq!(service.users.look_ups(), 21 + number, "{spelling}");
    }
    assert_eq!(service.guess_often("bob", 30, None).await, 20);

    // With the normalization of the store, there is no look-up.
    let service = Service::new(|builder| {
        builder.normalize_user_id(|user_id| user_id.trim().replace('\u{e1}', "a"))
    });
    assert_eq!(service.guess_often("alice", 30, None).await, 20);
    assert_eq!(service.guess_often("\u{e1}lice", 30, None).await, 0);
    assert_eq!(service.users.look_ups(), 20);
}

#[tokio::test]
async fn a_request_beyond_the_limit_does_not_query_the_store() {
    for user_id in ["alice", "nobody"] {
        let service = Service::new(|builder| builder);
        assert_eq!(service.guess_often(user_id, 500, None).await, 20);
        assert_eq!(service.users.look_ups(), 20, "{user_id}");
    }
}

#[tokio::test]
async fn verified_and_repeated_outdated_passwords_are_not_limited() {
    let service = Service::new(|builder| builder);
    assert_eq!(service.send("alice", "password", None).await.status, 200);
    assert_eq!(service.send("alice", "outdated", None).await.status, 401);
    assert_eq!(service.guess_often("alice", 100, None).await, 19);
    assert_eq!(service.send("alice", "password", None).await.status, 200);
    assert_eq!(service.send("alice", "outdated", None).await.status, 401);
    // The exemption is for the spelling that was verified.
    assert_eq!(service.send("Alice", "password", None).await.status, 429);
}

#[tokio::test]
async fn one_attacker_delays_the_correct_password_by_twenty_seconds() {
    let service = Service::new(|builder| builder);
    let mut checked = service.guess_often("alice", 400, address(1)).await;
    for user in [address(2), address(3)] {
        // A user that was never seen before, while the attacker sends 40 guesses per second.
        let wait = retry_after(&service.send("alice", "password", user).await);
        assert!(wait <= 20 * SECOND, "{wait:?}");
        for _ in 0..wait.as_secs() * 40 {
            service.clock.advance(SECOND / 40);
            checked += usize::from(service.guess("alice", address(1)).await == 401);
        }
        assert_eq!(service.send("alice", "password", user).await.status, 200);
        service.verifier.invalidate("alice");
    }
    // Twenty, and one every ten seconds.
    assert!(checked <= 24, "{checked}");
}

#[tokio::test]
async fn each_guessing_client_delays_a_correct_password_by_one_period() {
    for attackers in [1, 5, 30] {
        let service = Service::new(|builder| builder);
        for _ in 0..40 {
            for attacker in 0..attackers {
                service.guess("alice", address(attacker)).await;
            }
        }
        let user = address(200);
        let wait = retry_after(&service.send("alice", "password", user).await);
        assert_eq!(wait, (u32::from(attackers) + 1) * 10 * SECOND);
        for _ in 0..wait.as_secs() {
            service.clock.advance(SECOND);
            for attacker in 0..attackers {
                service.guess("alice", address(attacker)).await;
            }
        }
        assert_eq!(service.send("alice", "password", user).await.status, 200, "{attackers}");
    }
}

#[tokio::test]
async fn a_flood_of_made_up_users_does_not_limit_another_user() {
    let verifier = BasicVerifier::builder(async |credentials: BasicCredentials| {
        let is_correct = credentials.password() == "password";
        Ok(is_correct.then(|| Identity::assertion().subject(credentials.user_id()).build()))
    });
    let verifier = verifier.clock(TestClock::new()).build().unwrap();
    let verify = async |user_id: String, password: &str| {
        let credentials = BasicCredentials::new(&user_id, password);
        verifier.verify(credentials).wait().await.map_err(|error| error.kind())
    };
    for user in 0..20_000 {
        let error = verify(format!("made up {user}"), "x").await.unwrap_err();
        assert_eq!(error, ErrorKind::InvalidCredentials);
    }
    for user in 0..1_000 {
        verify(format!("user {user}"), "password").await.unwrap();
    }
}

#[tokio::test]
async fn a_client_is_limited_for_all_users_and_delays_no_other_client() {
    let service = Service::new(|builder| builder);
    let mut checked = 0;
    for user in 0..500 {
        checked += service.guess_often(&format!("user {user}"), 1, address(1)).await;
    }
    assert_eq!((checked, service.users.look_ups()), (100, 100));
    let response = service.send("bob", "password", address(1)).await;
    assert_eq!(retry_after(&response), SECOND);
    let error = response.error.unwrap();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "too many incorrect passwords from this client");

    assert_eq!(service.send("alice", "password", address(2)).await.status, 200);
    service.clock.advance(SECOND);
    assert_eq!(service.send("bob", "password", address(1)).await.status, 200);
    assert_eq!(service.guess_often("user", 30, None).await, 20);
}

#[tokio::test]
async fn credentials_of_a_form_can_have_a_key_too() {
    let service = Service::new(|builder| builder.client_guess_limit(1, 60 * SECOND));
    let guess = |password: &str, address: Option<IpAddr>| {
        let credentials = BasicCredentials::new("alice", password);
        service.verifier.verify(credentials.with_guess_key(address.unwrap())).wait()
    };
    let kind = |result: Result<Identity, Error>| result.map(|_| ()).map_err(|error| error.kind());
    assert_eq!(kind(guess("1", address(1)).await), Err(ErrorKind::InvalidCredentials));
    assert_eq!(kind(guess("2", address(1)).await), Err(ErrorKind::TooManyAttempts));
    assert_eq!(service.send("alice", "3", address(1)).await.status, 429);
    assert_eq!(kind(guess("4", address(2)).await), Err(ErrorKind::InvalidCredentials));
}

#[tokio::test]
async fn a_store_that_fails_costs_no_attempt() {
    struct Down;
    impl UserStore for Down {
        async fn look_up(&self, _: &str) -> Result<Option<UserRecord>, Error> {
            Err(Error::unavailable("the database is down"))
        }
    }
    let verifier = BasicVerifier::users(Down).guess_limit(1, 60 * SECOND).build().unwrap();
    for guess in 0..10 {
        let credentials = BasicCredentials::new("alice", &guess.to_string());
        let error = verifier.verify(credentials.with_guess_key("here")).wait().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}

fn key() -> Secret {
    Secret::from([7; 32].as_slice())
}

#[tokio::test]
async fn verified_credentials_are_exempt_after_a_restart() {
    let before = Service::new(|builder| builder.known_passwords_key(key()));
    assert_eq!(before.send("alice", "password", None).await.status, 200);
    assert_eq!(before.guess_often("bob", 5, None).await, 5);
    let exported = before.verifier.export_known_passwords().unwrap();
    for secret in ["alice", "password", "nf65"] {
        assert!(!exported.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()));
    }

    let after = Service::new(|builder| builder.known_passwords_key(key()));
    assert_eq!(after.verifier.import_known_passwords(&exported), Ok(1));
    assert_eq!(after.verifier.import_known_passwords(&exported), Ok(0), "already known");
    assert_eq!(after.guess_often("alice", 50, None).await, 20);
    assert_eq!(after.send("alice", "password", None).await.status, 200);
    // The export contains what was verified, and nothing that was not.
    assert_eq!(after.guess_often("bob", 50, None).await, 20);
    assert_eq!(after.send("bob", "password", None).await.status, 429);

    let without = Service::new(|builder| builder.known_passwords_key(key()));
    assert_eq!(without.guess_often("alice", 50, None).await, 20);
    assert_eq!(without.send("alice", "password", None).await.status, 429);
}

#[tokio::test]
async fn an_export_needs_the_same_key() {
    let with_key = Service::new(|builder| builder.known_passwords_key(key()));
    let exported = with_key.verifier.export_known_passwords().unwrap();
    let other = Secret::from([8; 32].as_slice());
    let other = Service::new(|builder| builder.known_passwords_key(other)).verifier;
    assert_eq!(other.import_known_passwords(&exported), Err(KnownPasswordsError::Key));
    assert_eq!(other.import_known_passwords(b"x"), Err(KnownPasswordsError::Format));
    let without = Service::new(|builder| builder).verifier;
    assert_eq!(without.export_known_passwords(), Err(KnownPasswordsError::NoKey));
    assert_eq!(without.import_known_passwords(&exported), Err(KnownPasswordsError::NoKey));
}
