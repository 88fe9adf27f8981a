//! Basic authentication (RFC 7617), with users of a store.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body, routing::get};
use http::{Request, StatusCode};
use portcullis::{
    AuthenticateLayer, BasicCredentials, BasicVerifier, ErrorBody, ErrorKind, Identity,
    basic::{MemoryUserStore, UserRecord},
    error::RequestFault,
    testing::TestClock,
};

use crate::support::{TestResponse, send, whoami, with_authorization};

/// The hash of `password`.
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

/// Not the crate's encoder, so that the crate isn't tested with itself.
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

fn kind(response: &TestResponse) -> Option<ErrorKind> {
    response.error.as_ref().map(portcullis::Error::kind)
}

#[tokio::test]
async fn a_correct_password_is_accepted() {
    let app = protected(BasicVerifier::users(users()).build().unwrap());
    let response = send(&app, basic("alice:password")).await;
    assert_eq!((response.status, &*response.body), (StatusCode::OK, "alice"));
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
        let response = send(&app, with_authorization(&line)).await;
        assert_eq!(response.status, status, "{line}");
        assert_eq!(kind(&response), Some(expected), "{line}");
        assert_eq!(response.challenge(), Some(CHALLENGE), "{line}");
    }
}

#[tokio::test]
async fn incorrect_passwords_and_unknown_users_get_the_same_response() {
    let app = protected(BasicVerifier::users(users()).build().unwrap());
    let incorrect = send(&app, basic("alice:wrong")).await;
    let unknown = send(&app, basic("nobody:wrong")).await;
    assert_eq!(incorrect.status, unknown.status);
    assert_eq!(incorrect.headers, unknown.headers);
    assert_eq!(incorrect.body, unknown.body);
    assert!(!incorrect.body.contains("invalid_"), "{}", incorrect.body);
}

#[tokio::test]
async fn guesses_beyond_the_limit_are_429_unless_cached() {
    let clock = TestClock::new();
    let verifier = BasicVerifier::users(users()).clock(clock.clone());
    let app = protected(verifier.guess_limit(5, Duration::from_secs(60)).build().unwrap());
    assert_eq!(send(&app, basic("alice:password")).await.status, 200);
    for guess in 0..5 {
        assert_eq!(send(&app, basic(&format!("alice:{guess}"))).await.status, 401);
    }
    for guess in 5..10 {
        let response = send(&app, basic(&format!("alice:{guess}"))).await;
        assert_eq!(response.status, 429);
        assert_eq!(response.headers["retry-after"], "60");
        assert_eq!(response.challenge(), None);
        assert_eq!(send(&app, basic("alice:password")).await.status, 200);
    }
    clock.advance(Duration::from_secs(60));
    assert_eq!(send(&app, basic("alice:10")).await.status, 401);
}

#[tokio::test]
async fn more_concurrent_checks_than_allowed_are_503() {
    let hangs = BasicVerifier::builder(async |_| std::future::pending().await);
    let app = protected(hangs.max_checks(1).build().unwrap());
    let response = tokio::select! {
        biased;
        _ = send(&app, basic("alice:password")) => unreachable!("its check never ends"),
        response = send(&app, basic("alice:password")) => response,
    };
    assert_eq!(response.status, 503);
    assert_eq!(response.headers["retry-after"], "1");
    assert_eq!(response.challenge(), None);
}

#[tokio::test]
async fn rejections_show_no_password() {
    let app = protected(BasicVerifier::users(users()).build().unwrap());
    for credentials in ["alice:s3cretword", "alices3cretword", "alice:s3cretword\0"] {
        let response = send(&app, basic(credentials)).await;
        let shown = format!("{response:?} {}", response.error.as_ref().unwrap());
        for secret in ["s3cretword", &base64(credentials)] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test]
async fn an_extractor_needs_no_layer_and_challenges_for_basic() {
    let user_id = async |user: BasicCredentials| user.user_id().to_owned();
    let maybe = async |user: Option<BasicCredentials>| user.is_some().to_string();
    let app = Router::new().route("/", get(user_id)).route("/maybe", get(maybe));

    let response = send(&app, basic("alice:any")).await;
    assert_eq!((response.status, &*response.body), (StatusCode::OK, "alice"));
    for (line, status) in [("Bearer abc", 401), ("Basic !", 400)] {
        let response = send(&app, with_authorization(line)).await;
        assert_eq!(response.status, status);
        assert_eq!(response.challenge(), Some(CHALLENGE));
    }

    for (line, status, body) in [
        (format!("Basic {}", base64("alice:any")), 200, Some("true")),
        ("Bearer abc".to_owned(), 200, Some("false")),
        ("Basic !".to_owned(), 400, None),
    ] {
        let mut request = with_authorization(&line);
        *request.uri_mut() = "/maybe".parse().unwrap();
        let response = send(&app, request).await;
        assert_eq!(response.status, status);
        assert!(body.is_none_or(|body| response.body == body));
    }
    let none = Request::get("/maybe").body(Body::empty()).unwrap();
    assert_eq!(send(&app, none).await.body, "false");
}
