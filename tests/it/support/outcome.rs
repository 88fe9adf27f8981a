//! The outcome of a verification, and whether it is available without waiting.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use portcullis::{
    BearerToken, Error, ErrorKind, Identity, Verify, error::TokenFault, testing::TestClock,
};

pub type Outcome = Result<(), ErrorKind>;

pub const ACCEPTED: Outcome = Ok(());
pub const MISCONFIGURED: Outcome = Err(ErrorKind::Misconfigured);
pub const UNAVAILABLE: Outcome = Err(ErrorKind::Unavailable);
pub const UNKNOWN_KEY: Outcome = Err(ErrorKind::InvalidToken(TokenFault::UnknownKey));

/// Verifies a token, and waits for the outcome if necessary.
pub async fn outcome(verifier: &impl for<'a> Verify<BearerToken<'a>>, token: &str) -> Outcome {
    verify_token(verifier, token).await.map(drop).map_err(|error| error.kind())
}

/// The outcome if it is available without waiting. Otherwise the verification is cancelled.
pub fn immediate_outcome(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Option<Outcome> {
    match pin!(outcome(verifier, token)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

/// The rejection of a token that can't be verified at present.
pub async fn outage(verifier: &impl for<'a> Verify<BearerToken<'a>>, token: &str) -> Error {
    let error = verify_token(verifier, token).await.expect_err("a rejection");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    error
}

/// The identity or the error. Waits for it if necessary.
pub async fn verify_token(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Result<Identity, Error> {
    let line = HeaderValue::from_str(&format!("Bearer {token}")).expect("a header value");
    let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
    verifier.verify(BearerToken::from_headers(&headers)?).wait().await
}

/// Runs all tasks until they are idle. tokio's clock must be paused; this advances it by a millisecond.
pub async fn run_until_idle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Advances the clock of tokens and keys, and that of tokio.
pub async fn pass(clock: &TestClock, time: Duration) {
    clock.advance(time);
    tokio::time::sleep(time).await;
}

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub const DAY: Duration = seconds(24 * 60 * 60);
