//! Basic authentication (RFC 7617), with users of a store.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body, routing::get};
use http::{Request, StatusCode};
use portcullis::{
    AuthenticateLayer, BasicCredentials, BasicVerifier, ErrorBody, ErrorKind, Identity,
    RequestFault,
    basic::{MemoryUserStore, UserRecord},
    testing::TestClock,
};

use crate::support::{Answer, send, whoami, with_authorization};

/// Of `password`.
const HASH: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ\
    $nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

const CHALLENGE: &str = r#"Basic realm="restricted", charset="UTF-8""#;

fn users() -> Arc<MemoryUserStore> {
    let users = MemoryUserStore::new();
    let alice = Identity::assertion().subject("alice").build();
    users.insert("alice", UserRecord::new(HASH.parse().unwrap(), alice));
    Arc::new(users)
}

fn protected(verifier: BasicVerifier) -> Router {
    let layer = AuthenticateLayer::basic_only(verifier).error_body(ErrorBody::oauth());
    whoami().layer(layer)
}

fn basic(credentials: &str) -> Request<Body> {
    with_authorization(&format!("Basic {}", base64(credentials)))
}

/// Our own, so that the crate's isn't tested with itself.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | usize::from(*chunk.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let is_padding = i > chunk.len();
            let character = char::from(ALPHABET[bits >> (18 - 6 * i) & 63]);
            encoded.push(if is_padding { '=' } else { character });
        }
    }
    encoded
}

fn kind(answer: &Answer) -> Option<ErrorKind> {
    answer.error.as_ref().map(portcullis::Error::kind)
}

#[tokio::test]
async fn a_correct_password_is_accepted() {
    let app = protected(BasicVerifier::users(users()).build().unwrap());
    let answer = send(&app, basic("alice:password")).await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::OK, "alice"));
}

#[tokio::test]
async fn each_fault_has_its_status_and_the_same_challenge() {
    let app = protected(BasicVerifier::users(users()).build().unwrap());
    let malformed = ErrorKind::InvalidRequest(RequestFault::Malformed);
    for (line, status, expected) in [
        (format!("Basic {}", base64("alice:wrong")), 401, ErrorKind::InvalidCredentials),
        (format!("Basic {}", base64("nobody:password")), 401, ErrorKind::InvalidCredentials),
        (format!("Basic {}", base64("alice:")), 401, ErrorKind::InvalidCredentials),
        (format!("Basic {}", base64(":password")), 401, ErrorKind::InvalidCredentials),
        (format!("Basic {}", base64("alice:password ")), 401, ErrorKind::InvalidCredentials),
        (format!("Basic {}", base64("alice")), 400, malformed),
        (format!("Basic {}", base64("alice:pass\0word")), 400, malformed),
        ("Basic alice:password".to_owned(), 400, malformed),
        ("Basic".to_owned(), 400, malformed),
        ("Bearer abc".to_owned(), 401, ErrorKind::MissingCredentials),
    ] {
        let answer = send(&app, with_authorization(&line)).await;
        assert_eq!(answer.status, status, "{line}");
        assert_eq!(kind(&answer), Some(expected), "{line}");
        assert_eq!(answer.challenge(), Some(CHALLENGE), "{line}");
    }
}

#[tokio::test]
async fn an_incorrect_password_and_an_unknown_user_get_the_same_response() {
    let app = protected(BasicVerifier::users(users()).build().unwrap());
    let wrong = send(&app, basic("alice:wrong")).await;
    let unknown = send(&app, basic("nobody:wrong")).await;
    assert_eq!(wrong.status, unknown.status);
    assert_eq!(wrong.headers, unknown.headers);
    assert_eq!(wrong.body, unknown.body);
    assert!(!wrong.body.contains("invalid_"), "{}", wrong.body);
}

#[tokio::test]
async fn guesses_beyond_the_limit_are_429_and_verified_credentials_are_accepted() {
    let clock = TestClock::new();
    let verifier = BasicVerifier::users(users()).clock(clock.clone());
    let app = protected(verifier.guess_limit(5, Duration::from_secs(60)).build().unwrap());
    assert_eq!(send(&app, basic("alice:password")).await.status, 200);
    for guess in 0..5 {
        assert_eq!(send(&app, basic(&format!("alice:{guess}"))).await.status, 401);
    }
    for guess in 5..10 {
        let answer = send(&app, basic(&format!("alice:{guess}"))).await;
        assert_eq!(answer.status, 429);
        assert_eq!(answer.headers["retry-after"], "60");
        assert_eq!(answer.challenge(), None);
        assert_eq!(send(&app, basic("alice:password")).await.status, 200);
    }
    clock.advance(Duration::from_secs(60));
    assert_eq!(send(&app, basic("alice:10")).await.status, 401);
}

#[tokio::test]
async fn more_concurrent_checks_than_allowed_are_503() {
    let hangs = BasicVerifier::builder(async |_| std::future::pending().await);
    let app = protected(hangs.max_checks(1).build().unwrap());
    let answer = tokio::select! {
        biased;
        _ = send(&app, basic("alice:password")) => unreachable!("its check never ends"),
        answer = send(&app, basic("alice:password")) => answer,
    };
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(answer.challenge(), None);
}

#[tokio::test]
async fn no_rejection_shows_the_password() {
    let app = protected(BasicVerifier::users(users()).build().unwrap());
    for credentials in ["alice:s3cretword", "alices3cretword", "alice:s3cretword\0"] {
        let answer = send(&app, basic(credentials)).await;
        let shown = format!("{answer:?} {}", answer.error.as_ref().unwrap());
        for secret in ["s3cretword", &base64(credentials)] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test]
async fn an_extractor_needs_no_layer_and_asks_for_basic() {
    let user_id = async |user: BasicCredentials| user.user_id().to_owned();
    let maybe = async |user: Option<BasicCredentials>| user.is_some().to_string();
    let app = Router::new().route("/", get(user_id)).route("/maybe", get(maybe));

    let answer = send(&app, basic("alice:any")).await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::OK, "alice"));
    for (line, status) in [("Bearer abc", 401), ("Basic !", 400)] {
        let answer = send(&app, with_authorization(line)).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.challenge(), Some(CHALLENGE));
    }

    for (line, status, body) in [
        (format!("Basic {}", base64("alice:any")), 200, Some("true")),
        ("Bearer abc".to_owned(), 200, Some("false")),
        ("Basic !".to_owned(), 400, None),
    ] {
        let mut request = with_authorization(&line);
        *request.uri_mut() = "/maybe".parse().unwrap();
        let answer = send(&app, request).await;
        assert_eq!(answer.status, status);
        assert!(body.is_none_or(|body| answer.body == body));
    }
    let none = Request::get("/maybe").body(Body::empty()).unwrap();
    assert_eq!(send(&app, none).await.body, "false");
}
